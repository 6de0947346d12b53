# Kinetics-400 as extracted frames, short side 320.
_base_ = ["zoo_loaders.py"]
num_classes = 400
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/kinetics400")
train_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_train_list_rawframes_320p.txt", data_prefix=dict(img="rawframes_train_320p")
    )
)
val_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_val_list_rawframes_320p.txt", data_prefix=dict(img="rawframes_val_320p")
    )
)
test_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_val_list_rawframes_320p.txt", data_prefix=dict(img="rawframes_val_320p")
    )
)
del _common
