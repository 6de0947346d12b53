# The data benchmark's test with 25 x 3 frames, for any of its weights of this resolution.
_base_ = ["tsn_r50_multiscalecrop_256p_1x1x3_100e_kinetics400_rgb.py"]
test_pipeline = [dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
