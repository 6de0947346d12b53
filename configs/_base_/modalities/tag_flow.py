# Optical flow: 5 fields (x, y) per snippet; one crop and flip per proposal; 224 px.
modality = "Flow"
in_channels = 10
clip_len = 5
# to_rgb reverses the decoded RGB
data_preprocessor = dict(mean=[128.0], std=[1.0], modality="Flow")
# what a data set of extracted frames needs to know
frames = dict(modality="Flow", filename_tmpl="flow_{}_{:05d}.jpg", data_prefix=dict(img="rawframes"))

train_pipeline = [
    dict(type="tsn_plugin.SampleActionnessFrames", clip_len=5, num_clips=5),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=224, scales=(1, 0.875, 0.75), more_fix_crop=True),
    dict(type="tsn_plugin.Resize", scale=(224, 224), keep_ratio=False),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
val_pipeline = [
    dict(type="tsn_plugin.SampleTicks", clip_len=5),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 256)),
    dict(type="tsn_plugin.CenterCrop", crop_size=224, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# ten crops of every tick, made on the model's device
test_pipeline = [
    dict(type="tsn_plugin.SampleTicks", clip_len=5),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 256)),
    dict(type="tsn_plugin.TenCrop", crop_size=224, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
