_base_ = ["../../_base_/models/zoo_r18.py", "../../_base_/modalities/zoo_rgb_videos.py", "../../_base_/datasets/hvu.py",
          "../../_base_/schedules/zoo_100e.py", "../../_base_/default_runtime.py"]
num_classes = 739
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(
    num_classes=num_classes, multi_class=True, loss_cls=dict(type="BCELossWithLogits", loss_weight=333.0), average_clips="score"))
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8), *_base_.decoding, *_base_.resize_256, *_base_.random_resized_crop, *_base_.flip, *_base_.packing]
val_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8, test_mode=True), *_base_.decoding, *_base_.center_crop_256, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
_val = dict(ann_file="hvu_action_val.json", tag_categories=["action"])
train_dataloader = dict(dataset=dict(ann_file="hvu_action_train.json", tag_categories=["action"], pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(_val, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(_val, pipeline=test_pipeline))
del _val
