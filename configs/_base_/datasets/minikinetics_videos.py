# Mini-Kinetics (200 classes) of OmniSource as video files.
_base_ = ["zoo_loaders.py"]
num_classes = 200
_common = dict(type="tsn_plugin.VideoDataset", data_root="data/OmniSource")
train_dataloader = dict(
    dataset=dict(
        **_common, ann_file="annotations/kinetics_200/k200_train.txt", data_prefix=dict(video="kinetics_200_train")
    )
)
val_dataloader = dict(
    dataset=dict(
        **_common, ann_file="annotations/kinetics_200/k200_val.txt", data_prefix=dict(video="kinetics_200_val")
    )
)
test_dataloader = dict(
    dataset=dict(
        **_common, ann_file="annotations/kinetics_200/k200_val.txt", data_prefix=dict(video="kinetics_200_val")
    )
)
del _common
