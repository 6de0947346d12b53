# The page gives no batch size for this row; the published file names none that 0.x reads.
_base_ = ["tsn_r50_1x1x8_50e_hmdb51_imagenet_rgb.py"]
load_from = "https://download.openmmlab.com/mmaction/recognition/tsn/tsn_r50_1x1x6_100e_mit_rgb/tsn_r50_1x1x6_100e_mit_rgb_20200618-d512ab1b.pth"
