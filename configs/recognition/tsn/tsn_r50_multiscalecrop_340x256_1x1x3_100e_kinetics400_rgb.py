_base_ = ["tsn_r50_1x1x3_100e_kinetics400_rgb.py"]
