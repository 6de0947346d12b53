# As ssn_flow.py, with the crops of InceptionV3: 299 px.
_base_ = ["ssn_flow.py"]
train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(_base_.train_pipeline[2], input_size=299),
    dict(_base_.train_pipeline[3], scale=(299, 299)),
    *_base_.train_pipeline[4:],
]
val_pipeline = [
    *_base_.val_pipeline[:2],
    dict(_base_.val_pipeline[2], scale=(-1, 341)),
    dict(_base_.val_pipeline[3], crop_size=299),
    *_base_.val_pipeline[4:],
]
test_pipeline = [*val_pipeline[:3], dict(_base_.test_pipeline[3], crop_size=299), *val_pipeline[4:]]
