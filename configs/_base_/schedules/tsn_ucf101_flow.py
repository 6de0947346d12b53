# Caffe TSN release, UCF101 flow: batch 128, lr 5e-3, x0.1 after 10000 and 16000 of 18000 iterations
# = 134.2 and 214.7 of 241.6 epochs (9537 videos); first convolution 5x.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.005, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    paramwise_cfg=dict(first_conv_lr_mult=5.0),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=242, by_epoch=True, milestones=[134, 215], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=242, val_begin=1, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=128),
]
