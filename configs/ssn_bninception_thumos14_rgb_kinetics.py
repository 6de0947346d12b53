# From a TSN trained on Kinetics in place of ImageNet: a checkpoint of ours, or one of tools/convert_weights.py.
_base_ = ["ssn_bninception_thumos14_rgb.py"]
model = dict(backbone=dict(init_cfg=dict(checkpoint="checkpoints/tsn_bninception_kinetics_rgb.pth")))
