_base_ = ["_base_/models/tsn_bninception.py", "_base_/modalities/flow_from_video_device.py", "_base_/datasets/ucf101_videos.py",
          "_base_/schedules/tsn_ucf101_flow.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels), data_preprocessor=dict(modality=_base_.modality, flow=_base_.flow),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=_base_.dropout_ratio))
_train = dict(ann_file="ucf101_video_train_split_1.txt", pipeline=_base_.train_pipeline, **_base_.videos)
_val = dict(ann_file="ucf101_video_val_split_1.txt", pipeline=_base_.val_pipeline, **_base_.videos)
train_dataloader = dict(dataset=_train)
val_dataloader = dict(dataset=_val)
test_dataloader = dict(dataset=dict(_val, pipeline=_base_.test_pipeline))
del _train, _val
