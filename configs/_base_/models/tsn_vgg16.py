# VGG-16 (TSN paper, Table 4) with its two hidden fully connected layers, in the place of BN-Inception, from torchvision's
# ImageNet weights (RGB, mean and std). It has no batch normalisation, so PartialBNHook finds nothing to freeze.
model = dict(
    type="tsn_plugin.Recognizer2D",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="imagenet"),
    backbone=dict(
        type="tsn_plugin.VGG",
        depth=16,
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="torchvision://vgg16"),
    ),
    cls_head=dict(
        type="tsn_plugin.TSNHead",
        in_channels=4096,
        spatial_type=None,
        consensus=dict(type="AvgConsensus"),
        init_std=0.001,
        average_clips="prob",
    ),
    test_cfg=dict(max_views=32),
)
