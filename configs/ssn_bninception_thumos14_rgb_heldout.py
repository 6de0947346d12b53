# With validation in training, on videos kept back from the training list by --hold-out of make_proposals.py or denormalize_proposals.py:
# mAP of one crop, every fifth epoch; the best weights are kept. The published weights were trained on all videos.
_base_ = ["ssn_bninception_thumos14_rgb.py"]
_test = _base_.test_dataloader
val_dataloader = dict(_test, _delete_=True, dataset=dict(_test.dataset, ann_file="thumos14_tag_val_proposal_list_heldout.txt", pipeline=_base_.val_pipeline))
val_evaluator = dict(_base_.test_evaluator, _delete_=True)
val_cfg = dict(_delete_=True, type="ValLoop")
train_cfg = dict(val_interval=5)
del _test
