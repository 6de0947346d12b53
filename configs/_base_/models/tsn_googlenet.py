# GoogLeNet (TSN paper, Table 4) in the place of BN-Inception, from ImageNet (Caffe weights: BGR, 0-255). They come from
# Caffe's model zoo, converted once (its two auxiliary classifiers have no place here):
# tools/convert_weights.py bvlc_googlenet.caffemodel data/weights/bvlc_googlenet.pth --allow-unused
# torchvision's "googlenet" is another network, with batch normalisation.
model = dict(
    type="tsn_plugin.Recognizer2D",
    channels_last=True,
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="caffe"),
    backbone=dict(
        type="tsn_plugin.GoogLeNet",
        init_cfg=dict(type="tsn_plugin.CrossModalityPretrained", checkpoint="data/weights/bvlc_googlenet.pth"),
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
