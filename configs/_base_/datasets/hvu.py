# HVU as video files, with the JSON lists of MMAction2 (several labels per video, some categories missing). The leaf adds
# lists and categories; a video without any tag of them is left out.
_base_ = ["zoo_loaders.py"]
_common = dict(type="tsn_plugin.HVUDataset", data_root="data/hvu", multi_class=True)
train_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_train")))
val_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_val")))
test_dataloader = dict(dataset=dict(**_common, data_prefix=dict(video="videos_val")))
val_evaluator = dict(metric_list="mean_average_precision")
test_evaluator = dict(metric_list="mean_average_precision")
del _common
