# Optical flow, small: 96 px crops from short frames, for training from scratch on a CPU.
modality = "Flow"
in_channels = 10
dropout_ratio = 0.5
frames = dict(
    modality="Flow",
    filename_tmpl="flow_{}_{:05d}.jpg",
    data_prefix=dict(img="rawframes"),
)

train_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=3, protocol="tsn_pytorch", phase="train"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=96, scales=(1, 0.875, 0.75, 0.66), more_fix_crop=True),
    dict(type="tsn_plugin.Resize", scale=(96, 96), keep_ratio=False),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
val_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=3, protocol="tsn_pytorch", phase="val"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 110)),
    dict(type="tsn_plugin.CenterCrop", crop_size=96),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# 8 snippets x 10 crops
test_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=8, protocol="tsn_pytorch", phase="test"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(-1, 110)),
    dict(type="tsn_plugin.TenCrop", crop_size=96, layout="caffe", on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
