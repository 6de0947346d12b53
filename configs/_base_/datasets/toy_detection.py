# The generated untrimmed videos (tools/demo_detection.py): trained on TAG proposals and windows, validated on TAG proposals.
num_classes = 4
_loader = dict(batch_size=1, num_workers=2, persistent_workers=True)
_data = dict(type="tsn_plugin.ProposalDataset", protocol="thumos14", data_root="demo_detection_out/data", tick_interval=3)
_test = dict(
    **_loader,
    sampler=dict(type="tsn_plugin.WholeVideoSampler", shuffle=False),
    dataset=dict(**_data, ann_file="tag_val.txt", test_mode=True, chunk_size=32),
)
train_dataloader = dict(
    **dict(_loader, batch_size=2),
    sampler=dict(type="tsn_plugin.SeededSampler", shuffle=True),
    dataset=dict(**_data, ann_file="both_train.txt", epoch_multiplier=1),
)
val_dataloader = _test
test_dataloader = _test
val_evaluator = dict(type="tsn_plugin.DetectionMAP", protocol="thumos14")
test_evaluator = dict(type="tsn_plugin.DetectionMAP", protocol="thumos14")
del _loader, _data, _test
