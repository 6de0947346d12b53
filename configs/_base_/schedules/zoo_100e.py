# MMAction2 0.x: SGD, x0.1 after 40 and 80 of 100 epochs. Learning rates of the zoo are for 8 GPUs: a leaf gives the rate,
# the batch of one GPU and, for --auto-scale-lr, the batch of all of them.
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type="MultiStepLR", begin=0, end=100, by_epoch=True, milestones=[40, 80], gamma=0.1)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=100, val_begin=1, val_interval=5)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
auto_scale_lr = dict(enable=False, base_batch_size=256)
