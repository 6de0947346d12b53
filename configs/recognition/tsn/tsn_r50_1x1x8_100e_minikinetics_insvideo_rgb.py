_base_ = ["../../_base_/models/zoo_r50.py", "../../_base_/joint/omnisource.py", "../../_base_/schedules/zoo_100e.py",
          "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8), *_base_.decoding, *_base_.resize_256, *_base_.random_resized_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8, test_mode=True), *_base_.decoding, *_base_.center_crop_256, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
train_cfg = dict(type="tsn_plugin.JointTrainLoop", every=1, auxiliary=[_base_.web_videos])
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.00375))
auto_scale_lr = dict(base_batch_size=96)
