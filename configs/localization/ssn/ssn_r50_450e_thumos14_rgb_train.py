# MMAction2 0.x's SSN: 8 GPUs of one video, one centre crop and no augmentation, partial BN, 450 epochs of one pass.
_base_ = ["../../_base_/datasets/thumos14_proposals.py", "../../_base_/default_runtime.py", "../../_base_/schedules/ssn_r50_450e.py",
          "../../_base_/models/ssn_r50.py", "../../_base_/modalities/ssn_r50_rgb.py"]
_frames = dict(filename_tmpl="img_{:05d}.jpg", modality="RGB")
train_dataloader = dict(batch_size=1, dataset=dict(pipeline=_base_.train_pipeline, epoch_multiplier=1, **_frames,
                                                   data_prefix=dict(img="rawframes/val")))
test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline, **_frames, data_prefix=dict(img="rawframes/test")))
del _frames
