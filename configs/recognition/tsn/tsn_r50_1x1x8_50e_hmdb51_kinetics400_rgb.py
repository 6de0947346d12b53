_base_ = ["tsn_r50_1x1x8_50e_hmdb51_imagenet_rgb.py"]
load_from = "https://download.openmmlab.com/mmaction/recognition/tsn/tsn_r50_256p_1x1x8_100e_kinetics400_rgb/tsn_r50_256p_1x1x8_100e_kinetics400_rgb_20200817-883baf16.pth"
