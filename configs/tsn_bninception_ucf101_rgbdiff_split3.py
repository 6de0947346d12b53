_base_ = ["tsn_bninception_ucf101_rgbdiff.py"]
train_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_train_split_3.txt"))
val_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_val_split_3.txt"))
test_dataloader = dict(dataset=dict(ann_file="ucf101_rgb_val_split_3.txt"))
