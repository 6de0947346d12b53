# As ssn_rgb.py, with one window of five snippets in training.
_base_ = ["ssn_rgb.py"]
train_pipeline = [
    dict(type="tsn_plugin.SampleActionnessFrames", clip_len=1, num_clips=5),
    *_base_.train_pipeline[1:-1],
    dict(type="tsn_plugin.PackActionInputs"),
]
