_base_ = ["tsn_r50_ucf101_rgbdiff.py"]
train_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_train_split_2.txt"))
val_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_val_split_2.txt"))
test_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_val_split_2.txt"))
