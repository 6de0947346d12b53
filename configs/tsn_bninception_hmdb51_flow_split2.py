_base_ = ["tsn_bninception_hmdb51_flow.py"]
train_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_train_split_2.txt"))
val_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_val_split_2.txt"))
test_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_val_split_2.txt"))
