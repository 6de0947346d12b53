# ActivityNet v1.3, whole videos as extracted flow (lists of `tools/build_file_list.py activitynet1.3`), numbered from 0; 0.x tests on the annotated intervals.
_base_ = ["zoo_loaders.py"]
num_classes = 200
_common = dict(
    type="tsn_plugin.RawframeDataset",
    data_root="data/ActivityNet",
    modality="Flow",
    filename_tmpl="flow_{}_{:05d}.jpg",
    start_index=0,
)
train_dataloader = dict(dataset=dict(**_common, ann_file="anet_flow_train_video.txt", data_prefix=dict(img="rawframes")))
val_dataloader = dict(dataset=dict(**_common, ann_file="anet_flow_val_video.txt", data_prefix=dict(img="rawframes")))
test_dataloader = dict(
    dataset=dict(**_common, ann_file="anet_flow_val_clip.txt", data_prefix=dict(img="rawframes"), with_offset=True)
)
del _common
