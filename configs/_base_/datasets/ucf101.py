# UCF101 as extracted frames. The leaf adds list files, modality and pipelines.
num_classes = 101

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type="tsn_plugin.SeededSampler", shuffle=True),
    dataset=dict(type="tsn_plugin.RawframeDataset", data_root="data/ucf101"),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="tsn_plugin.RawframeDataset", data_root="data/ucf101", test_mode=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="tsn_plugin.RawframeDataset", data_root="data/ucf101", test_mode=True),
)
val_evaluator = dict(type="tsn_plugin.AccMetric")
test_evaluator = dict(type="tsn_plugin.AccMetric")
