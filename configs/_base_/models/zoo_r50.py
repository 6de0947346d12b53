# ResNet-50 from ImageNet with the head of MMAction2's 0.x zoo. A first convolution for flow starts from the mean over RGB,
# where 0.x left it at random.
model = dict(
    type="tsn_plugin.Recognizer2D",
    channels_last=True,
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
        dropout_ratio=0.4,
        init_std=0.01,
        average_clips="prob",
    ),
    test_cfg=dict(max_views=32),
)
