# Optical flow from extracted x and y images, 5 fields per snippet. Mean and std are 0.x's: levels go to -1 ... 1.
_base_ = ["zoo_rgb_frames.py"]
modality = "Flow"
in_channels = 10
data_preprocessor = dict(
    _delete_=True, type="tsn_plugin.ActionDataPreprocessor", modality="Flow", mean=[128, 128], std=[128, 128]
)
sampling = dict(clip_len=5)
dense_sampling = dict(clip_len=5)
