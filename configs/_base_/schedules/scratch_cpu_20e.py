# From scratch on a CPU: all batch normalisation trains, bfloat16, one cosine down to zero.
optim_wrapper = dict(
    type="tsn_plugin.AutocastOptimWrapper",
    dtype="bfloat16",
    optimizer=dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=5e-4, nesterov=True),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, begin=0, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=1, end=20, T_max=19, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=20, val_begin=1, val_interval=5)
val_cfg = dict(type="ValLoop", fp16=True)
test_cfg = dict(type="TestLoop", fp16=True)
