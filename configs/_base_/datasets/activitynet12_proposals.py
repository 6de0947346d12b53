# ActivityNet 1.2: trained on its training list, tested on its validation list; otherwise as THUMOS14, also without validation.
_base_ = ["thumos14_proposals.py"]
num_classes = 100
_data = dict(protocol="activitynet1.2", data_root="data/ActivityNet")
train_dataloader = dict(dataset=dict(**_data, ann_file="activitynet1.2_tag_train_proposal_list.txt"))
test_dataloader = dict(dataset=dict(**_data, ann_file="activitynet1.2_tag_val_proposal_list.txt"))
test_evaluator = dict(protocol="activitynet1.2")
del _data
