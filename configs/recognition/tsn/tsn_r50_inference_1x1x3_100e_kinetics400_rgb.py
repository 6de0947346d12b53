# For inference on a folder of frames.
_base_ = ["tsn_r50_320p_1x1x3_100e_kinetics400_rgb.py"]
