_base_ = ["zoo_r50.py"]
model = dict(
    backbone=dict(depth=18, init_cfg=dict(checkpoint="torchvision://resnet18")),
    cls_head=dict(in_channels=512),
)
