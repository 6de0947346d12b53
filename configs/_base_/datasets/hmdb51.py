# HMDB51 as extracted frames, like UCF101.
_base_ = ["ucf101.py"]
num_classes = 51
train_dataloader = dict(dataset=dict(data_root="data/hmdb51"))
val_dataloader = dict(dataset=dict(data_root="data/hmdb51"))
test_dataloader = dict(dataset=dict(data_root="data/hmdb51"))
