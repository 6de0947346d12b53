_base_ = ["tsn_r50_video_1x1x8_100e_kinetics400_rgb.py"]
model = dict(data_preprocessor=dict(blending=dict(type="MixupBlending", num_classes=400, alpha=0.2)))
test_pipeline = [*_base_.opening, dict(_base_.sampling, num_clips=25, test_mode=True), *_base_.decoding, *_base_.three_crop_256, *_base_.packing]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
