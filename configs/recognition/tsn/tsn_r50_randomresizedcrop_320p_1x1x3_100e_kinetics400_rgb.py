# The page's row says 25x10 frames, the published file tests three crops; tsn_r50_test_320p_1x1x25_10crop... tests ten.
_base_ = ["tsn_r50_320p_1x1x3_100e_kinetics400_rgb.py"]
