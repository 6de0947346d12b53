# Loaders and metrics of MMAction2's 0.x zoo; the data set's file adds lists, the leaf pipelines and batch size.
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type="tsn_plugin.SeededSampler", shuffle=True),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(test_mode=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(test_mode=True),
)
val_evaluator = dict(type="tsn_plugin.AccMetric")
test_evaluator = dict(type="tsn_plugin.AccMetric")
