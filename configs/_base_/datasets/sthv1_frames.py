# Something-Something v1 as its own frames. A flipped video of one of these classes belongs to the other one.
_base_ = ["zoo_loaders.py"]
num_classes = 174
flip_label_map = {2: 4, 4: 2, 30: 41, 41: 30, 52: 66, 66: 52}
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/sthv1", filename_tmpl="{:05}.jpg")
train_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv1_train_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv1_val_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="sthv1_val_list_rawframes.txt", data_prefix=dict(img="rawframes"))
)
del _common
