# All six tag categories in one network: those that a video lacks are masked in the loss and left out of the metric.
_base_ = ["../../_base_/models/zoo_r18.py", "../../_base_/modalities/zoo_rgb_videos.py", "../../_base_/datasets/hvu.py",
          "../../_base_/schedules/zoo_100e.py", "../../_base_/default_runtime.py"]
num_classes = 3142
model = dict(data_preprocessor=_base_.data_preprocessor, cls_head=dict(type="tsn_plugin.HVUHead", num_classes=num_classes, multi_class=True,
             loss_cls=dict(type="HVULoss", loss_type="individual", with_mask=True), average_clips="score"))
_pack = [_base_.packing[0], dict(_base_.packing[1], algorithm_keys=("mask", "category_mask"))]
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8), *_base_.decoding, *_base_.resize_256, *_base_.random_resized_crop, *_base_.flip, *_pack]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_pack]
train_dataloader = dict(dataset=dict(ann_file="hvu_train.json", pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(ann_file="hvu_val.json", pipeline=test_pipeline))
val_evaluator = test_evaluator = dict(_delete_=True, type="tsn_plugin.HVUMetric")
del _pack
