# 0.x's test pipeline lacks DecordInit and cannot run; here it has it.
_base_ = ["../../_base_/models/zoo_r50.py", "../../_base_/modalities/zoo_rgb_videos.py", "../../_base_/datasets/mit_videos.py",
          "../../_base_/schedules/zoo_100e.py", "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes))
_crop = [dict(type="tsn_plugin.MultiScaleCrop", input_size=224, scales=(1, 0.8), max_wh_scale_gap=0), *_base_.resize_224]
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=6), *_base_.decoding, *_base_.resize_256, *_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=6, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=6, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader, test_dataloader = dict(dataset=dict(pipeline=val_pipeline)), dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.005))
auto_scale_lr = dict(base_batch_size=128)
del _crop
