# Kinetics-400 as extracted frames, short side 256.
_base_ = ["zoo_loaders.py"]
num_classes = 400
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/kinetics400")
train_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_train_list_rawframes_256p.txt", data_prefix=dict(img="rawframes_train_256p")
    )
)
val_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_val_list_rawframes_256p.txt", data_prefix=dict(img="rawframes_val_256p")
    )
)
test_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_val_list_rawframes_256p.txt", data_prefix=dict(img="rawframes_val_256p")
    )
)
del _common
