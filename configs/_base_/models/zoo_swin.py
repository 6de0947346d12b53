# Swin-B of timm (0.9 or newer: features channels-last), which fetches its ImageNet weights itself (pretrained=True).
_base_ = ["zoo_r50.py"]
model = dict(
    backbone=dict(_delete_=True, type="timm.swin_base_patch4_window7_224", pretrained=True, feature_shape="NHWC"),
    cls_head=dict(in_channels=1024),
)
