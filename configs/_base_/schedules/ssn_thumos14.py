# SSN on THUMOS14: 16 videos a step, 45 epochs of ten passes, lr 1e-3, x0.1 after 20 and 40 (action-detection, README).
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=45, by_epoch=True, milestones=[20, 40], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=45)
val_cfg = None
test_cfg = dict(type="TestLoop")
# all batch normalisation is frozen; first_trainable=1 is partial BN, without the hook all of it learns
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook", first_trainable=0),
    dict(type="tsn_plugin.RegressionStatisticsHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=16),
]
