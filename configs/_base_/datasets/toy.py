# The generated data set (tools/make_toy_dataset.py): small batches, two workers.
_base_ = ["ucf101.py"]
num_classes = 8
train_dataloader = dict(batch_size=16, num_workers=2, dataset=dict(data_root="demo_out/data"))
val_dataloader = dict(num_workers=2, dataset=dict(data_root="demo_out/data"))
test_dataloader = dict(num_workers=2, dataset=dict(data_root="demo_out/data"))
