# 0.x used imgaug, which no longer runs (NumPy 1.24 ended it); here ColorJitter takes its place, so training differs.
_base_ = ["tsn_r50_video_1x1x8_100e_kinetics400_rgb.py"]
_color = dict(type="tsn_plugin.ColorJitter")
train_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=8), *_base_.decoding, *_base_.multi_scale_crop, *_base_.flip, _color, *_base_.packing]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _color
