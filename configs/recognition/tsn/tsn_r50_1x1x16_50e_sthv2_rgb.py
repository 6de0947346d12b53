_base_ = ["../../_base_/models/zoo_r50.py", "../../_base_/modalities/zoo_rgb_frames.py", "../../_base_/datasets/sthv2_frames.py",
          "../../_base_/schedules/zoo_50e.py", "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5, init_std=0.001))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=16), *_base_.decoding, *_base_.resize_256, *_base_.multi_scale_crop, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=16, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=16, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.005, weight_decay=0.0005), clip_grad=dict(max_norm=20))
auto_scale_lr = dict(base_batch_size=32)
