_base_ = ["tsn_r18_1x1x8_100e_hvu_action_rgb.py"]
num_classes = 69
model = dict(cls_head=dict(num_classes=num_classes))
_val = dict(ann_file="hvu_event_val.json", tag_categories=["event"])
train_dataloader = dict(dataset=dict(ann_file="hvu_event_train.json", tag_categories=["event"]))
val_dataloader, test_dataloader = dict(dataset=_val), dict(dataset=_val)
del _val
