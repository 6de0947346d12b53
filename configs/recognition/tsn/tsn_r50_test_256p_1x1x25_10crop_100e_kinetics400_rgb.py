# The data benchmark's test with 25 x 10 frames, for any of its weights of this resolution.
_base_ = ["tsn_r50_multiscalecrop_256p_1x1x3_100e_kinetics400_rgb.py"]
