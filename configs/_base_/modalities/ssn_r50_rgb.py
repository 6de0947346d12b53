# RGB frames, centre crops in training and testing, as MMAction2 0.x has them.
modality = "RGB"
_common = [
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 256)),
    dict(type="tsn_plugin.CenterCrop", crop_size=224),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
]
train_pipeline = [
    dict(type="tsn_plugin.SampleProposalFrames", clip_len=1),
    *_common,
    dict(type="tsn_plugin.PackActionInputs", meta_keys=("img_shape", "proposal_scales")),
]
test_pipeline = [dict(type="tsn_plugin.SampleTicks", clip_len=1), *_common, dict(type="tsn_plugin.PackActionInputs")]
del _common
