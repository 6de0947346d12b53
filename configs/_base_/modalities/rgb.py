# RGB frames: one frame per snippet (Caffe TSN release: 3 snippets, 4 scales, 13 crop positions).
modality = "RGB"
in_channels = 3
dropout_ratio = 0.8
# what a data set of extracted frames needs to know
frames = dict(
    modality="RGB",
    filename_tmpl="img_{:05d}.jpg",
    data_prefix=dict(img="rawframes"),
)

train_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=3, protocol="tsn_caffe", phase="train"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=224, scales=(1, 0.875, 0.75, 0.66), more_fix_crop=True),
    dict(type="tsn_plugin.Resize", scale=(224, 224), keep_ratio=False),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
val_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=3, protocol="tsn_caffe", phase="val"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(340, 256), keep_ratio=False),
    dict(type="tsn_plugin.CenterCrop", crop_size=224),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# 25 snippets x 10 crops; the crops are made on the model's device
test_pipeline = [
    dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=25, protocol="tsn_caffe", phase="test"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.Resize", scale=(340, 256), keep_ratio=False),
    dict(type="tsn_plugin.TenCrop", crop_size=224, layout="caffe", on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
