# Classifier of actionness on BN-Inception: two classes, five snippets per proposal (action-detection, binary_model.py).
model = dict(
    type="tsn_plugin.ActionnessClassifier",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor"),
    backbone=dict(
        type="tsn_plugin.BNInception",
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="open-mmlab://bninception_caffe"),
    ),
    cls_head=dict(
        type="tsn_plugin.TSNHead",
        num_classes=2,
        in_channels=1024,
        consensus=dict(type="AvgConsensus"),
        dropout_ratio=0.8,
        init_std=0.001,
        topk=(1,),
        average_clips="score",
    ),
    max_views=32,
)
