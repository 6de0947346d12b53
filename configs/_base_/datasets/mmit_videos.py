# Multi-Moments in Time as video files, several labels each (0.x's folder for validation starts with a slash).
_base_ = ["zoo_loaders.py"]
num_classes = 313
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/mmit", multi_class=True, num_classes=313)
train_dataloader = dict(
    dataset=dict(**_common, ann_file="mmit_train_list_videos.txt", data_prefix=dict(video="videos"))
)
val_dataloader = dict(dataset=dict(**_common, ann_file="mmit_val_list_videos.txt", data_prefix=dict(video="videos")))
test_dataloader = dict(dataset=dict(**_common, ann_file="mmit_val_list_videos.txt", data_prefix=dict(video="videos")))
val_evaluator = dict(metric_list="mmit_mean_average_precision")
test_evaluator = dict(metric_list="mmit_mean_average_precision")
del _common
