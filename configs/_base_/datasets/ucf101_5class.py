# Five classes of UCF101, numbered 0-4, as small extracted frames (docs/real_run.md): small batches, two workers.
_base_ = ["ucf101.py"]
num_classes = 5
train_dataloader = dict(batch_size=16, num_workers=2, dataset=dict(data_root="data/ucf101_5class"))
val_dataloader = dict(num_workers=2, dataset=dict(data_root="data/ucf101_5class"))
test_dataloader = dict(num_workers=2, dataset=dict(data_root="data/ucf101_5class"))
