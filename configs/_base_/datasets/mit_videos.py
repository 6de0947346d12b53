# Moments in Time as video files (0.x's folder for validation starts with a slash).
_base_ = ["zoo_loaders.py"]
num_classes = 339
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/mit")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="mit_train_list_videos.txt", data_prefix=dict(video="videos/training"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="mit_val_list_videos.txt", data_prefix=dict(video="videos/validation"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="mit_val_list_videos.txt", data_prefix=dict(video="videos/validation"))
)
del _common
