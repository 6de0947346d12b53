# Diving48 as video files.
_base_ = ["zoo_loaders.py"]
num_classes = 48
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/diving48")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="diving48_train_list_videos.txt", data_prefix=dict(video="videos"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="diving48_val_list_videos.txt", data_prefix=dict(video="videos"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="diving48_val_list_videos.txt", data_prefix=dict(video="videos"))
)
del _common
