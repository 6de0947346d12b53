# RGB: one frame per snippet, BGR with the mean of SSN (128 for red, where TSN has 123); one crop and flip per proposal; 299 px.
modality = "RGB"
in_channels = 3
clip_len = 1
# to_rgb reverses the decoded RGB
data_preprocessor = dict(mean=[104.0, 117.0, 128.0], std=[1.0, 1.0, 1.0], to_rgb=True)
# what a data set of extracted frames needs to know
frames = dict(modality="RGB", filename_tmpl="img_{:05d}.jpg", data_prefix=dict(img="rawframes"))

train_pipeline = [
    dict(type="tsn_plugin.SampleProposalFrames", clip_len=1),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=299, scales=(1, 0.875, 0.75, 0.66), more_fix_crop=True),
    dict(type="tsn_plugin.Resize", scale=(299, 299), keep_ratio=False),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs", meta_keys=("img_shape", "proposal_scales")),
]
val_pipeline = [
    dict(type="tsn_plugin.SampleTicks", clip_len=1),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 341)),
    dict(type="tsn_plugin.CenterCrop", crop_size=299, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# ten crops of every tick, made on the model's device
test_pipeline = [
    dict(type="tsn_plugin.SampleTicks", clip_len=1),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 341)),
    dict(type="tsn_plugin.TenCrop", crop_size=299, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
