# The generated untrimmed videos (tools/demo_detection.py): actionness, trained on sliding windows, without validation.
_base_ = ["toy_detection.py"]
_data = dict(type="tsn_plugin.ActionnessDataset")
train_dataloader = dict(batch_size=16, dataset=dict(**_data, ann_file="windows_train.txt", counts=(6, 0, 6)))
test_dataloader = dict(dataset=dict(**_data, ann_file="windows_val.txt"))
val_dataloader = None
val_evaluator = None
test_evaluator = dict(_delete_=True, type="tsn_plugin.DumpTickScores", out_file_path="actionness.npz")
del _data
