# THUMOS14: trained on the 200 annotated validation videos, tested on the annotated test videos (210 in the published lists).
# There is no validation in training: the published protocol has no list for it, and the test list must not choose weights.
# ssn_bninception_thumos14_rgb_heldout.py keeps some of the videos to train on for it.
num_classes = 20
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="tsn_plugin.SeededSampler", shuffle=True),
    dataset=dict(
        type="tsn_plugin.ProposalDataset",
        protocol="thumos14",
        data_root="data/thumos14",
        ann_file="thumos14_tag_val_proposal_list.txt",
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
        protocol="thumos14",
        data_root="data/thumos14",
        ann_file="thumos14_tag_test_proposal_list.txt",
        test_mode=True,
    ),
)
val_evaluator = None
test_evaluator = dict(type="tsn_plugin.DetectionMAP", protocol="thumos14")
