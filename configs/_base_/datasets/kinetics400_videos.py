# Kinetics-400 as video files.
_base_ = ["zoo_loaders.py"]
num_classes = 400
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/kinetics400")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics400_train_list_videos.txt", data_prefix=dict(video="videos_train"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics400_val_list_videos.txt", data_prefix=dict(video="videos_val"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics400_val_list_videos.txt", data_prefix=dict(video="videos_val"))
)
del _common
