# MMAction2 0.x: batch 8, lr 1e-3, decay 1e-6, x0.1 after 200 and 400 of 450 epochs.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=1e-6),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=450, by_epoch=True, milestones=[200, 400], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=450)
val_cfg = None
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.RegressionStatisticsHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=8),
]
