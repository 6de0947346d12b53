# Five classes of UCF101, numbered 0-4, as small extracted frames (docs/real_run.md). The leaf adds list files, modality and pipelines.
num_classes = 5

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(type="RawframeDataset", data_root="data/ucf101_5class"),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="RawframeDataset", data_root="data/ucf101_5class", test_mode=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="RawframeDataset", data_root="data/ucf101_5class", test_mode=True),
)
val_evaluator = dict(type="tsn_plugin.AccMetric")
test_evaluator = dict(type="tsn_plugin.AccMetric")
