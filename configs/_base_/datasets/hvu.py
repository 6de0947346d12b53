# HVU as video files: one data set per tag category, whose lists hold the videos that have tags of it, with several labels
# each ("name.mp4 3 17"). The leaf adds the category's lists and number of classes.
_base_ = ["zoo_loaders.py"]
_common = dict(type="VideoDataset", data_root="data/hvu", multi_class=True)
train_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_train")))
val_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_val")))
test_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_val")))
val_evaluator = dict(metric_list="mean_average_precision")
test_evaluator = dict(metric_list="mean_average_precision")
del _common
