# Caffe TSN release, UCF101 RGB: batch 128, lr 1e-3, x0.1 every 1500 of 3500 iterations
# = 20.1 and 40.3 of 47.0 epochs (9537 videos).
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=47, by_epoch=True, milestones=[20, 40], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=47, val_begin=1, val_interval=5)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=128),
]
