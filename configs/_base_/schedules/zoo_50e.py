_base_ = ["zoo_100e.py"]
param_scheduler = dict(end=50, milestones=[20, 40])
train_cfg = dict(max_epochs=50)
