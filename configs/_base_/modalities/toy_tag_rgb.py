# RGB frames of the generated untrimmed videos: 64 px crops, for training from scratch on a CPU.
in_channels = 3
frames = dict(modality="RGB", filename_tmpl="img_{:05d}.jpg", data_prefix=dict(img="rawframes"))

train_pipeline = [
    dict(type="tsn_plugin.SampleActionnessFrames", clip_len=1, num_clips=5),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=64, scales=(1, 0.875), more_fix_crop=True),
    dict(type="tsn_plugin.Resize", scale=(64, 64), keep_ratio=False),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# three crops that cover the picture's width, of every third frame
test_pipeline = [
    dict(type="tsn_plugin.SampleTicks", clip_len=1),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(96, 64), keep_ratio=False),
    dict(type="tsn_plugin.ThreeCrop", crop_size=64, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
