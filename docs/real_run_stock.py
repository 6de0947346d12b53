# MMAction2's own components only: ResNet-18 from scratch on RGB, for comparison with docs/real_run.md.
default_scope = "mmaction"
custom_imports = dict(imports=["tsn_plugin"])  # only so that mmaction2 1.2.0 imports and its checkpoints reload
model = dict(
    type="Recognizer2D",
    backbone=dict(type="ResNet", pretrained=None, depth=18, norm_eval=False),
    cls_head=dict(
        type="TSNHead",
        num_classes=5,
        in_channels=512,
        dropout_ratio=0.5,
        init_std=0.01,
        average_clips="prob",
    ),
    data_preprocessor=dict(
        type="ActionDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
)
data_root = "data/ucf101_5class"
train_pipeline = [
    dict(type="DecordInit"),
    dict(type="SampleFrames", clip_len=1, frame_interval=1, num_clips=3),
    dict(type="DecordDecode"),
    dict(type="Resize", scale=(-1, 110)),
    dict(type="MultiScaleCrop", input_size=96, scales=(1, 0.875, 0.75, 0.66), random_crop=False, max_wh_scale_gap=1),
    dict(type="Resize", scale=(96, 96), keep_ratio=False),
    dict(type="Flip", flip_ratio=0.5),
    dict(type="FormatShape", input_format="NCHW"),
    dict(type="PackActionInputs"),
]
test_pipeline = [
    dict(type="DecordInit"),
    dict(type="SampleFrames", clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    dict(type="DecordDecode"),
    dict(type="Resize", scale=(-1, 110)),
    dict(type="TenCrop", crop_size=96),
    dict(type="FormatShape", input_format="NCHW"),
    dict(type="PackActionInputs"),
]
dataset = dict(type="VideoDataset", data_root=data_root, data_prefix=dict(video="UCF-101"))
loader = dict(num_workers=2, persistent_workers=True)
train_dataloader = dict(
    batch_size=16,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(ann_file="ucf101_video_train_split_1.txt", pipeline=train_pipeline, **dataset),
    **loader,
)
test_dataloader = dict(
    batch_size=1,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(ann_file="ucf101_video_val_split_1.txt", pipeline=test_pipeline, test_mode=True, **dataset),
    **loader,
)
val_dataloader = test_dataloader
val_evaluator = test_evaluator = dict(type="AccMetric")
optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=5e-4, nesterov=True),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, begin=0, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=1, end=40, T_max=39, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=40, val_interval=40)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=11),
    checkpoint=dict(type="CheckpointHook", interval=40),
    param_scheduler=dict(type="ParamSchedulerHook"),
)
