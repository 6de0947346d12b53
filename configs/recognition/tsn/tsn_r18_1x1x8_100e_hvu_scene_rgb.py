_base_ = ["tsn_r18_1x1x8_100e_hvu_action_rgb.py"]
num_classes = 248
model = dict(cls_head=dict(num_classes=num_classes))
_val = dict(ann_file="hvu_scene_val.json", tag_categories=["scene"])
train_dataloader = dict(dataset=dict(ann_file="hvu_scene_train.json", tag_categories=["scene"]))
val_dataloader, test_dataloader = dict(dataset=_val), dict(dataset=_val)
del _val
