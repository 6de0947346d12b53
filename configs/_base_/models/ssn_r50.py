# SSN on torchvision's ResNet-50, fed BGR images as MMAction2 0.x does.
model = dict(
    type="tsn_plugin.SSN",
    data_preprocessor=dict(
        type="tsn_plugin.ActionDataPreprocessor", mean=[104.0, 117.0, 128.0], std=[1.0, 1.0, 1.0], to_rgb=True
    ),
    backbone=dict(
        type="ResNet",
        depth=50,
        norm_eval=False,
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="torchvision://resnet50"),
    ),
    cls_head=dict(type="tsn_plugin.SSNHead", num_classes=20, in_channels=2048, pyramid=(1, 1, 1), dropout_ratio=0.8),
)
