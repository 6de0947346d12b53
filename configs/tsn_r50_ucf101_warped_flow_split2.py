_base_ = ["tsn_r50_ucf101_warped_flow.py"]
train_dataloader = dict(dataset=dict(ann_file="ucf101_flow_train_split_2.txt"))
val_dataloader = dict(dataset=dict(ann_file="ucf101_flow_val_split_2.txt"))
test_dataloader = dict(dataset=dict(ann_file="ucf101_flow_val_split_2.txt"))
