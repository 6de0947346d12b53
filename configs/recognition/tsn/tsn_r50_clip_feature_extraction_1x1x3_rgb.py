# One feature vector (2048) per video, the mean over 25 snippets.
_base_ = ["tsn_r50_video_320p_1x1x3_100e_kinetics400_rgb.py"]
model = dict(cls_head=dict(_delete_=True, type="FeatureHead", average_clips="score"))
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.center_crop_256, *_base_.packing]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
