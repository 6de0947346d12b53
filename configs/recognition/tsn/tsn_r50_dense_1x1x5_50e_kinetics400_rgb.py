# The page's name of this row says 50 epochs; its file, log and weights are those of 100 epochs.
_base_ = ["tsn_r50_dense_1x1x5_100e_kinetics400_rgb.py"]
