# SSN on BN-Inception: stages of 2, 5 and 2 snippets, one part each (action-detection, data/dataset_cfg.yaml).
model = dict(
    type="tsn_plugin.SSN",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor"),
    backbone=dict(
        type="tsn_plugin.BNInception",
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="open-mmlab://bninception_caffe"),
    ),
    cls_head=dict(
        type="tsn_plugin.SSNHead",
        in_channels=1024,
        pyramid=(1, 1, 1),
        snippets=(2, 5, 2),
        dropout_ratio=0.8,
        init_std=0.001,
    ),
    max_views=32,
)
