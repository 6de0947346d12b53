_base_ = ["tsn_r50_hmdb51_warped_flow.py"]
train_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_train_split_3.txt"))
val_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_val_split_3.txt"))
test_dataloader = dict(dataset=dict(ann_file="hmdb51_flow_val_split_3.txt"))
