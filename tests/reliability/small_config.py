# A training of seconds with all that makes it random: order, crops, flips, dropout; an update every two batches.
_base_ = ["../../configs/_base_/default_runtime.py"]
model = dict(
    type="tsn_plugin.Recognizer2D",
    data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="imagenet"),
    backbone=dict(
        type="ResNet",
        depth=18,
        num_stages=1,
        strides=(1,),
        dilations=(1,),
        out_indices=(0,),
        norm_eval=False,
    ),
    cls_head=dict(type="tsn_plugin.TSNHead", num_classes=2, in_channels=64, dropout_ratio=0.5),
)
_pack = [dict(type="tsn_plugin.FormatShape", input_format="NCHW"), dict(type="tsn_plugin.PackActionInputs")]
_loader = dict(num_workers=0, batch_size=2)
_data = dict(type="tsn_plugin.VideoDataset", data_root="data", data_prefix=dict(video="videos"), ann_file="list.txt")
_train_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=2),
    dict(type="tsn_plugin.DecordDecode"),
    dict(type="tsn_plugin.MultiScaleCrop", input_size=32),
    dict(type="tsn_plugin.Resize", scale=(32, 32), keep_ratio=False),
    dict(type="tsn_plugin.Flip"),
    *_pack,
]
_test_pipeline = [
    dict(type="tsn_plugin.DecordInit"),
    dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=2, test_mode=True),
    dict(type="tsn_plugin.DecordDecode"),
    dict(type="tsn_plugin.CenterCrop", crop_size=32),
    *_pack,
]
_test = dict(
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(_data, pipeline=_test_pipeline, test_mode=True),
    **_loader,
)
train_dataloader = dict(
    sampler=dict(type="tsn_plugin.SeededSampler", shuffle=True),
    dataset=dict(_data, pipeline=_train_pipeline),
    **_loader,
)
val_dataloader = _test
test_dataloader = _test
val_evaluator = dict(type="tsn_plugin.AccMetric")
test_evaluator = dict(type="tsn_plugin.AccMetric")
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=0.05, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type="MultiStepLR", by_epoch=True, end=6, milestones=[3, 5], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=6, val_interval=2)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [dict(type="tsn_plugin.EffectiveBatchHook", batch_size=4)]
del _pack, _loader, _data, _train_pipeline, _test_pipeline, _test
