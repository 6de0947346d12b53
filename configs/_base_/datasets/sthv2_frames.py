# Something-Something v2 as extracted frames.
_base_ = ["zoo_loaders.py"]
num_classes = 174
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/sthv2")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv2_train_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv2_val_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv2_val_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
del _common
