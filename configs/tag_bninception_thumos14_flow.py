_base_ = ["_base_/models/tag_bninception.py", "_base_/modalities/tag_flow.py",
          "_base_/datasets/thumos14_actionness.py", "_base_/schedules/tag_thumos14.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels), data_preprocessor=_base_.data_preprocessor)
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline, clip_len=_base_.clip_len, **_base_.frames))
test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, clip_len=_base_.clip_len, **_base_.frames))
