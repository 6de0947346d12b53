# ECCV 2016, UCF101 RGB: batch 256, lr 1e-3, x0.1 every 2000 of 4500 iterations
# = 53.7 and 107.4 of 120.8 epochs (9537 videos). Weight decay and clipping are the Caffe release's.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=121, by_epoch=True, milestones=[54, 107], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=121, val_begin=1, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(type="tsn_plugin.PartialBNHook"),
    dict(type="tsn_plugin.EffectiveBatchHook", batch_size=256),
]
