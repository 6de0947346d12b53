# UCF101 as video files. The leaf adds list files, modality and pipelines.
_base_ = ["ucf101.py"]
train_dataloader = dict(dataset=dict(type="tsn_plugin.VideoDataset"))
val_dataloader = dict(dataset=dict(type="tsn_plugin.VideoDataset"))
test_dataloader = dict(dataset=dict(type="tsn_plugin.VideoDataset"))
