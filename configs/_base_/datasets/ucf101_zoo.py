# UCF101, split 1, as extracted frames, with MMAction2's names of the lists.
_base_ = ["zoo_loaders.py"]
num_classes = 101
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/ucf101")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="ucf101_train_split_1_rawframes.txt", data_prefix=dict(img="rawframes"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="ucf101_val_split_1_rawframes.txt", data_prefix=dict(img="rawframes"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="ucf101_val_split_1_rawframes.txt", data_prefix=dict(img="rawframes"))
)
del _common
