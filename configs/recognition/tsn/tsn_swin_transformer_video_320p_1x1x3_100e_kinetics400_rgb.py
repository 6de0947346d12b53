# Needs timm (and torchvision).
_base_ = ["../../_base_/models/zoo_swin.py", "../../_base_/modalities/zoo_rgb_videos.py", "../../_base_/datasets/kinetics400_videos.py",
          "../../_base_/schedules/zoo_100e.py", "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=3), *_base_.decoding, *_base_.random_resized_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=3, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.ten_crop_224, *_base_.packing]
train_dataloader = dict(batch_size=24, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.0075))
auto_scale_lr = dict(base_batch_size=192)
