# ResNeXt-101 32x4d of MMPretrain (0.x: of MMClassification). The ImageNet weights of 0.x started the whole recognizer
# (load_from); here they start the backbone, which is all they hold for it.
_base_ = ["zoo_r50.py"]
model = dict(
    backbone=dict(
        _delete_=True,
        type="mmpretrain.ResNeXt",
        depth=101,
        num_stages=4,
        out_indices=(3,),
        groups=32,
        width_per_group=4,
        style="pytorch",
        init_cfg=dict(
            type="Pretrained",
            checkpoint="https://download.openmmlab.com/mmclassification/v0/resnext/"
            "resnext101_32x4d_batch256_imagenet_20200708-87f2d1c9.pth",
            prefix="backbone",
        ),
    )
)
