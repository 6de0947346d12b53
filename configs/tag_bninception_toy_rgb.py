_base_ = ["_base_/models/tag_bninception.py", "_base_/modalities/toy_tag_rgb.py", "_base_/datasets/toy_actionness.py",
          "_base_/schedules/scratch_cpu_20e.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels, init_cfg=dict(_delete_=True, type="Kaiming", layer="Conv2d")),
             data_preprocessor=dict(normalization="caffe"), cls_head=dict(dropout_ratio=0.3))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline, **_base_.frames))
test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, **_base_.frames))
val_cfg = None
