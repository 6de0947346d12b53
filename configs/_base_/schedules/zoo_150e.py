_base_ = ["zoo_100e.py"]
param_scheduler = dict(end=150, milestones=[60, 120])
train_cfg = dict(max_epochs=150)
