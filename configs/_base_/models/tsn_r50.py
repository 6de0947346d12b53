# ResNet-50 of MMAction2 from ImageNet (torchvision weights: RGB, mean and std), in the place of BN-Inception.
model = dict(
    type="tsn_plugin.Recognizer2D",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="imagenet"),
    backbone=dict(
        type="ResNet",
        depth=50,
        norm_eval=False,
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="torchvision://resnet50"),
    ),
    cls_head=dict(
        type="tsn_plugin.TSNHead",
        in_channels=2048,
        consensus=dict(type="AvgConsensus"),
        init_std=0.001,
        average_clips="prob",
    ),
    test_cfg=dict(max_views=32),
)
