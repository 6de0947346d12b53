# DenseNet-161 of torchvision, which fetches its ImageNet weights itself (pretrained=True).
_base_ = ["zoo_r50.py"]
model = dict(
    backbone=dict(_delete_=True, type="torchvision.densenet161", pretrained=True),
    cls_head=dict(in_channels=2208),
)
