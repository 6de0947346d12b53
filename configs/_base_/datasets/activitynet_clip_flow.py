# ActivityNet v1.3, annotated intervals (lists with offsets; `tools/build_file_list.py activitynet1.3` writes them) of extracted flow, numbered from 0.
_base_ = ["zoo_loaders.py"]
num_classes = 200
_common = dict(
    type="tsn_plugin.RawframeDataset",
    data_root="data/ActivityNet",
    modality="Flow",
    filename_tmpl="flow_{}_{:05d}.jpg",
    start_index=0,
)
train_dataloader = dict(
    dataset=dict(**_common, ann_file="anet_flow_train_clip.txt", data_prefix=dict(img="rawframes"), with_offset=True)
)
val_dataloader = dict(
    dataset=dict(**_common, ann_file="anet_flow_val_clip.txt", data_prefix=dict(img="rawframes"), with_offset=True)
)
test_dataloader = dict(
    dataset=dict(**_common, ann_file="anet_flow_val_clip.txt", data_prefix=dict(img="rawframes"), with_offset=True)
)
del _common
