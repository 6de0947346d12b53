_base_ = ["_base_/models/ssn_bninception.py", "_base_/modalities/toy_ssn_rgb.py", "_base_/datasets/toy_detection.py",
          "_base_/schedules/scratch_cpu_20e.py", "_base_/default_runtime.py"]
model = dict(backbone=dict(in_channels=_base_.in_channels, init_cfg=dict(_delete_=True, type="Kaiming", layer="Conv2d")),
             data_preprocessor=dict(normalization="caffe"),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.3, completeness_weight=0.5, regression_weight=0.3))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline, **_base_.frames))
val_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, **_base_.frames))
test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, **_base_.frames))
custom_hooks = [dict(type="tsn_plugin.RegressionStatisticsHook")]
