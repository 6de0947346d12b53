# Caffe TSN release, HMDB51 RGB: batch 128, lr 1e-3, x0.1 every 1000 of 2500 iterations
# = 35.9 and 71.7 of 89.6 epochs (3570 videos).
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=90, by_epoch=True, milestones=[36, 72], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=90, val_begin=1, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=128),
]
