# As ssn_flow.py, with one window of five snippets in training.
_base_ = ["ssn_flow.py"]
train_pipeline = [
    dict(type="tsn_plugin.SampleActionnessFrames", clip_len=5, num_clips=5),
    *_base_.train_pipeline[1:-1],
    dict(type="tsn_plugin.PackActionInputs"),
]
