# MMAction2 0.x has a config of its own to test with, since it moves proposals before suppression.
_base_ = ["ssn_r50_450e_thumos14_rgb_train.py"]
test_evaluator = dict(options=dict(regression_first=True))
