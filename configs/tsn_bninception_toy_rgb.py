_base_ = ["_base_/models/tsn_bninception.py", "_base_/modalities/toy_rgb.py", "_base_/datasets/toy.py",
          "_base_/schedules/scratch_cpu_20e.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels, init_cfg=dict(_delete_=True, type="Kaiming", layer="Conv2d")),
             data_preprocessor=dict(modality=_base_.modality),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=_base_.dropout_ratio))
_train = dict(ann_file="toy_rgb_train.txt", pipeline=_base_.train_pipeline, **_base_.frames)
_val = dict(ann_file="toy_rgb_val.txt", pipeline=_base_.val_pipeline, **_base_.frames)
train_dataloader = dict(dataset=_train)
val_dataloader = dict(dataset=_val)
test_dataloader = dict(dataset=dict(_val, pipeline=_base_.test_pipeline))
del _train, _val
