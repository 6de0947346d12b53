_base_ = ["../../_base_/models/zoo_r101.py", "../../_base_/modalities/zoo_rgb_videos.py", "../../_base_/datasets/mmit_videos.py",
          "../../_base_/schedules/zoo_tsm_50e.py", "../../_base_/default_runtime.py"]
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5, multi_class=True,
             loss_cls=dict(type="BCELossWithLogits", loss_weight=160.0), average_clips="score"))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=5), *_base_.decoding, *_base_.resize_256, *_base_.multi_scale_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=5, test_mode=True), *_base_.decoding, *_base_.center_crop_224, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=5, test_mode=True), *_base_.decoding, *_base_.center_crop_256, *_base_.packing]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
auto_scale_lr = dict(base_batch_size=128)
