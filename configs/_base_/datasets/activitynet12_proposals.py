# ActivityNet 1.2: trained on its training list, tested on its validation list.
# There is no validation in training: the published protocol has no list for it, and the test list must not choose weights. To have one,
# keep some videos back (tools/denormalize_proposals.py --hold-out 20) and set val_dataloader, val_evaluator and val_cfg as in ssn_bninception_toy_rgb.py.
num_classes = 100
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="tsn_plugin.ProposalDataset",
        protocol="activitynet1.2",
        data_root="data/ActivityNet",
        ann_file="activitynet1.2_tag_train_proposal_list.txt",
    ),
)
val_dataloader = None
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="tsn_plugin.WholeVideoSampler", shuffle=False),
    dataset=dict(
        type="tsn_plugin.ProposalDataset",
        protocol="activitynet1.2",
        data_root="data/ActivityNet",
        ann_file="activitynet1.2_tag_val_proposal_list.txt",
        test_mode=True,
    ),
)
val_evaluator = None
test_evaluator = dict(type="tsn_plugin.DetectionMAP", protocol="activitynet1.2")
