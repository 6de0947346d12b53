# ECCV 2016, UCF101 flow: batch 256, lr 5e-3, x0.1 after 12000 and 18000 of 20000 iterations
# = 322.1 and 483.2 of 536.9 epochs (9537 videos). Weight decay and clipping are the Caffe release's.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.005, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    paramwise_cfg=dict(first_conv_lr_mult=5.0),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=537, by_epoch=True, milestones=[322, 483], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=537, val_begin=1, val_interval=20)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=256),
]
