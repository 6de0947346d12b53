# Kinetics-600 as video files.
_base_ = ["zoo_loaders.py"]
num_classes = 600
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/kinetics600")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics600_train_list_videos.txt", data_prefix=dict(video="videos_train"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics600_val_list_videos.txt", data_prefix=dict(video="videos_val"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics600_val_list_videos.txt", data_prefix=dict(video="videos_val"))
)
del _common
