# RGB from extracted frames, one frame per snippet.
_base_ = ["zoo_crops.py"]
modality = "RGB"
in_channels = 3
data_preprocessor = dict(type="tsn_plugin.ActionDataPreprocessor", modality="RGB", normalization="imagenet")
opening = []
sampling = dict(type="tsn_plugin.SampleFrames", clip_len=1, frame_interval=1)
dense_sampling = dict(type="DenseSampleFrames", clip_len=1, frame_interval=1)
decoding = [dict(type="tsn_plugin.RawFrameDecode")]
