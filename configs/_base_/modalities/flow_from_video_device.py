# Optical flow as in flow_from_video.py, computed on the model's device: workers only decode, and choose the crop and
# the flip, which happen on the device after the flow.
modality = "Flow"
in_channels = 10
dropout_ratio = 0.7
# what a data set of videos needs to know
videos = dict(modality="Flow", data_prefix=dict(video="videos"))
# what the data preprocessor needs to know
flow = dict(method="tvl1", bound=20, max_pairs=64)

train_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=3, protocol="tsn_caffe", phase="train"),
    dict(type="tsn_plugin.DecodeFlowFrames", size=(340, 256)),
    dict(
        type="tsn_plugin.MultiScaleCrop",
        input_size=224,
        scales=(1, 0.875, 0.75),
        more_fix_crop=True,
        on_device=True,
    ),
    dict(type="tsn_plugin.Flip", flip_ratio=0.5, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
val_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=3, protocol="tsn_caffe", phase="val"),
    dict(type="tsn_plugin.DecodeFlowFrames", size=(340, 256)),
    dict(type="tsn_plugin.CenterCrop", crop_size=224, on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
# 25 snippets x 10 crops
test_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(type="tsn_plugin.SampleFrames", clip_len=5, num_clips=25, protocol="tsn_caffe", phase="test"),
    dict(type="tsn_plugin.DecodeFlowFrames", size=(340, 256)),
    dict(type="tsn_plugin.TenCrop", crop_size=224, layout="caffe", on_device=True),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
