_base_ = ["../../_base_/models/zoo_r50.py", "../../_base_/modalities/zoo_rgb_frames.py", "../../_base_/datasets/ucf101_zoo.py",
          "../../_base_/schedules/zoo_75e.py", "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes, init_std=0.001))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=3), *_base_.decoding, *_base_.resize_256, *_base_.random_resized_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=3, test_mode=True), *_base_.decoding, *_base_.center_crop_256, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.00128, weight_decay=0.0005))
