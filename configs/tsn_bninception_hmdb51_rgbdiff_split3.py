_base_ = ["tsn_bninception_hmdb51_rgbdiff.py"]
train_dataloader = dict(dataset=dict(ann_file="hmdb51_rgb_train_split_3.txt"))
val_dataloader = dict(dataset=dict(ann_file="hmdb51_rgb_val_split_3.txt"))
test_dataloader = dict(dataset=dict(ann_file="hmdb51_rgb_val_split_3.txt"))
