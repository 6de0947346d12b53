# THUMOS14 for the classifier of actionness, trained on sliding windows; all annotated test videos are scored.
# There is no validation in training: the published protocol has no list for it, and the test list must not choose weights. To have one,
# keep some videos back (tools/denormalize_proposals.py --hold-out 20) and set val_dataloader, val_evaluator and val_cfg as in ssn_bninception_toy_rgb.py.
num_classes = 2
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="tsn_plugin.ActionnessDataset",
        protocol="thumos14",
        data_root="data/thumos14",
        ann_file="thumos14_sw_val_proposal_list.txt",
    ),
)
val_dataloader = None
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="tsn_plugin.WholeVideoSampler", shuffle=False),
    dataset=dict(
        type="tsn_plugin.ActionnessDataset",
        protocol="thumos14",
        data_root="data/thumos14",
        ann_file="thumos14_sw_test_proposal_list.txt",
        test_mode=True,
    ),
)
val_evaluator = None
test_evaluator = dict(type="tsn_plugin.DumpTickScores", out_file_path="actionness.npz")
