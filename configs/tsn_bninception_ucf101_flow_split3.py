_base_ = ["tsn_bninception_ucf101_flow.py"]
train_dataloader = dict(dataset=dict(ann_file="ucf101_flow_train_split_3.txt"))
val_dataloader = dict(dataset=dict(ann_file="ucf101_flow_val_split_3.txt"))
test_dataloader = dict(dataset=dict(ann_file="ucf101_flow_val_split_3.txt"))
