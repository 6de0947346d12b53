# BN-Inception from ImageNet (Caffe weights: BGR, 0-255), the TSN papers' network. A new first convolution for stacked
# input starts from the mean over RGB ("cross-modality initialisation", ECCV 2016 section 3.2).
model = dict(
    type="tsn_plugin.Recognizer2D",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="caffe"),
    backbone=dict(
        type="tsn_plugin.BNInception",
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="open-mmlab://bninception_caffe"),
    ),
    cls_head=dict(
        type="tsn_plugin.TSNHead",
        in_channels=1024,
        consensus=dict(type="AvgConsensus"),
        init_std=0.001,
        average_clips="prob",
    ),
    test_cfg=dict(max_views=32),
)
