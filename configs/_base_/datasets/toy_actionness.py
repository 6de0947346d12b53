# The generated untrimmed videos (tools/demo_detection.py): actionness, trained on sliding windows.
_loader = dict(batch_size=1, num_workers=2, persistent_workers=True)
_data = dict(type="tsn_plugin.ActionnessDataset", protocol="thumos14", data_root="demo_detection_out/data", tick_interval=3)
_test = dict(
    **_loader,
    sampler=dict(type="tsn_plugin.WholeVideoSampler", shuffle=False),
    dataset=dict(**_data, ann_file="windows_val.txt", test_mode=True, chunk_size=32),
)
train_dataloader = dict(
    **dict(_loader, batch_size=16),
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(**_data, ann_file="windows_train.txt", counts=(6, 0, 6)),
)
val_dataloader = None
test_dataloader = _test
val_evaluator = None
test_evaluator = dict(type="tsn_plugin.DumpTickScores", out_file_path="actionness.npz")
del _loader, _data, _test
