# ActivityNet v1.3, whole videos as extracted frames, numbered from 0 as denseflow does. (0.x has start_index 1, its default.)
_base_ = ["zoo_loaders.py"]
num_classes = 200
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/ActivityNet", start_index=0)
train_dataloader = dict(dataset=dict(**_common, ann_file="anet_train_video.txt", data_prefix=dict(img="rawframes")))
val_dataloader = dict(dataset=dict(**_common, ann_file="anet_val_video.txt", data_prefix=dict(img="rawframes")))
test_dataloader = dict(dataset=dict(**_common, ann_file="anet_val_video.txt", data_prefix=dict(img="rawframes")))
del _common
