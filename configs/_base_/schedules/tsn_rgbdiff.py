# tsn-pytorch README, UCF101 RGB difference: batch 128, lr 1e-3, x0.1 after 80 and 160 of 180 epochs, clip 40.
# HMDB51 has no published RGB difference schedule; the same is used there.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=180, by_epoch=True, milestones=[80, 160], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=180, val_begin=1, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=128),
]
