# Trained with 16, tested with 8 segments, as published. 0.x flips left and right without changing the label; here it changes.
_base_ = ["../../_base_/models/zoo_r50.py", "../../_base_/modalities/zoo_rgb_frames.py", "../../_base_/datasets/sthv1_frames.py",
          "../../_base_/schedules/zoo_50e.py", "../../_base_/default_runtime.py"]
model = dict(backbone=dict(norm_cfg=dict(type="SyncBN", requires_grad=True), norm_eval=True), data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5, init_std=0.001))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=16), *_base_.decoding, *_base_.resize_256, *_base_.multi_scale_crop_13, dict(_base_.flip[0], flip_label_map=_base_.flip_label_map), *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=0.0005), clip_grad=dict(max_norm=20))
auto_scale_lr = dict(base_batch_size=32)
