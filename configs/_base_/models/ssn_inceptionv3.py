# SSN on Inception v3: stages of 2, 5 and 2 snippets, one part each (action-detection, data/dataset_cfg.yaml).
# The zoo's ImageNet weights are no longer served under a known address: `tools/convert_weights.py` converts a file of them.
model = dict(
    type="tsn_plugin.SSN",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor"),
    backbone=dict(
        type="tsn_plugin.InceptionV3",
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="checkpoints/inceptionv3_imagenet.pth"),
    ),
    cls_head=dict(
        type="tsn_plugin.SSNHead",
        in_channels=2048,
        pyramid=(1, 1, 1),
        snippets=(2, 5, 2),
        dropout_ratio=0.8,
        init_std=0.001,
    ),
    max_views=32,
)
