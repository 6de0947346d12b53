# Mixed precision with 0.x's fixed loss scale; it needs a GPU.
_base_ = ["tsn_r50_1x1x3_100e_kinetics400_rgb.py"]
optim_wrapper = dict(type="AmpOptimWrapper", loss_scale=512.0)
