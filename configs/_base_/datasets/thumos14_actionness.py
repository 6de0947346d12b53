# THUMOS14 for the classifier of actionness, trained on sliding windows; all annotated test videos are scored.
_base_ = ["thumos14_proposals.py"]
num_classes = 2
train_dataloader = dict(
    batch_size=48,
    dataset=dict(type="tsn_plugin.ActionnessDataset", ann_file="thumos14_sw_val_proposal_list.txt"),
)
test_dataloader = dict(
    dataset=dict(type="tsn_plugin.ActionnessDataset", ann_file="thumos14_sw_test_proposal_list.txt"),
)
test_evaluator = dict(_delete_=True, type="tsn_plugin.DumpTickScores", out_file_path="actionness.npz")
