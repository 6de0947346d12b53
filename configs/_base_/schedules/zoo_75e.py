# A constant learning rate for 75 epochs.
_base_ = ["zoo_100e.py"]
param_scheduler = dict(end=75, milestones=[])
train_cfg = dict(max_epochs=75)
