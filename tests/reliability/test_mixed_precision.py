"""bfloat16 and float32 agree, in training and in testing."""

import numpy as np
import torch

from tsn_plugin.evaluation.functional import softmax
from tsn_plugin.evaluation.score_files import load_scores

PRECISION = 2**-8  # of bfloat16, relative


def logged(checkpoint, name):
    return np.array(torch.load(checkpoint, weights_only=True)["log_history"][f"train/{name}"]["values"])


def test_training_goes_the_same_way(child, run, trained, tmp_path):
    process = child(lambda: run("train", tmp_path, "--seed", 0, "--amp", "--cfg-options", "train_cfg.max_epochs=2"))
    assert process.end() == 0, process.output()
    losses, references = logged(tmp_path / "epoch_2.pth", "loss"), logged(trained[0] / "epoch_6.pth", "loss")[:8]
    assert len(losses) == 8
    assert not np.array_equal(losses, references)  # it did run in another precision
    # both draw the same videos, crops and dropout; later on roundings grow, as those of any two precisions
    np.testing.assert_allclose(losses, references, rtol=8 * PRECISION)
    state = torch.load(tmp_path / "epoch_2.pth", weights_only=True)["state_dict"]
    assert all(value.dtype != torch.bfloat16 for value in state.values())


def test_testing_gives_the_same_scores(child, run, trained, tmp_path):
    def test():
        for name, options in (("whole", ()), ("half", ("--amp",))):
            run("test", tmp_path / name, trained[0] / "epoch_6.pth", "--out", tmp_path / f"{name}.npz", *options)

    process = child(test)
    assert process.end() == 0, process.output()
    whole, half = (load_scores(tmp_path / f"{name}.npz") for name in ("whole", "half"))
    assert half.names == whole.names
    assert not np.array_equal(half.scores, whole.scores)
    np.testing.assert_allclose(softmax(half.scores), softmax(whole.scores), atol=4 * PRECISION)
