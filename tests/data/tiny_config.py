# A whole experiment that takes seconds: BN-Inception on 32 px crops of tiny videos, from scratch.
_base_ = ["../../configs/_base_/models/tsn_bninception.py", "../../configs/_base_/default_runtime.py"]
model = dict(
    backbone=dict(init_cfg=dict(_delete_=True, type="Kaiming", layer="Conv2d")),
    cls_head=dict(num_classes=2, dropout_ratio=0.5),
)
_sample = dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=2)
_pack = [
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs"),
]
_loader = dict(num_workers=0, sampler=dict(type="DefaultSampler", shuffle=False))
_data = dict(type="VideoDataset", data_root="data", data_prefix=dict(video="videos"), ann_file="list.txt")
_train_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    _sample,
    dict(type="tsn_plugin.DecordDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=32),
    dict(type="Resize", scale=(32, 32), keep_ratio=False),
    dict(type="tsn_plugin.Flip"),
    *_pack,
]
_test_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(_sample, test_mode=True),
    dict(type="tsn_plugin.DecordDecode"),
    dict(type="tsn_plugin.TenCrop", crop_size=32, on_device=True),
    *_pack,
]
train_dataloader = dict(batch_size=2, dataset=dict(_data, pipeline=_train_pipeline), **_loader)
val_dataloader = dict(batch_size=1, dataset=dict(_data, pipeline=_test_pipeline, test_mode=True), **_loader)
test_dataloader = dict(batch_size=1, dataset=dict(_data, pipeline=_test_pipeline, test_mode=True), **_loader)
val_evaluator = dict(type="tsn_plugin.AccMetric")
test_evaluator = dict(type="tsn_plugin.AccMetric")
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    clip_grad=dict(max_norm=20),
)
param_scheduler = dict(type="MultiStepLR", by_epoch=True, end=3, milestones=[2], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=3, val_interval=1)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [dict(type="tsn_plugin.PartialBNHook"), dict(type="tsn_plugin.EffectiveBatchHook", batch_size=4)]
del _sample, _pack, _loader, _data, _train_pipeline, _test_pipeline
