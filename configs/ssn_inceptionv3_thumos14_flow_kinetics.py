# From a TSN trained on Kinetics in place of ImageNet: a checkpoint of ours, or one of tools/convert_weights.py.
_base_ = ["ssn_inceptionv3_thumos14_flow.py"]
model = dict(backbone=dict(init_cfg=dict(checkpoint="checkpoints/tsn_inceptionv3_kinetics_flow.pth")))
