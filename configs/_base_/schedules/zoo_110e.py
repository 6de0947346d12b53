_base_ = ["zoo_100e.py"]
param_scheduler = dict(end=110, milestones=[70, 100])
train_cfg = dict(max_epochs=110)
