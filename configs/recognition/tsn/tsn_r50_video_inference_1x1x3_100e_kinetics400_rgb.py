# For inference on a video file. 0.x opened it with OpenCV; all readers here give the same frames.
_base_ = ["tsn_r50_video_320p_1x1x3_100e_kinetics400_rgb.py"]
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.ten_crop_224, *_base_.packing]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
