# Kinetics-400 as extracted flow, short side 320. 0.x's two flow configs name the lists differently
# (kinetics_flow_train_list.txt for 3 segments); here both have one name.
_base_ = ["zoo_loaders.py"]
num_classes = 400
_common = dict(type="tsn_plugin.RawframeDataset", data_root="data/kinetics400", modality="Flow", filename_tmpl="{}_{:05d}.jpg")
train_dataloader = dict(
    dataset=dict(
        **_common, ann_file="kinetics400_flow_train_list_320p.txt", data_prefix=dict(img="rawframes_train_320p")
    )
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics400_flow_val_list_320p.txt", data_prefix=dict(img="rawframes_val_320p"))
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="kinetics400_flow_val_list_320p.txt", data_prefix=dict(img="rawframes_val_320p"))
)
del _common
