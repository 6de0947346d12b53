_base_ = ["_base_/models/ssn_inceptionv3.py", "_base_/modalities/ssn_flow_299.py",
          "_base_/datasets/activitynet12_proposals.py", "_base_/schedules/ssn_activitynet12.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels), data_preprocessor=_base_.data_preprocessor,
             cls_head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline, clip_len=_base_.clip_len, **_base_.frames))
test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, clip_len=_base_.clip_len, **_base_.frames))
