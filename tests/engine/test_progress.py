"""The bar follows the loops and is closed after them."""

from types import SimpleNamespace

import pytest
import torch

from tsn_plugin.engine.hooks.progress import ProgressHook


@pytest.fixture
def runner():
    return SimpleNamespace(max_iters=4, iter=1, test_dataloader=range(3))


def test_training_starts_where_a_resumed_run_stopped_and_shows_loss_and_accuracy(runner):
    hook = ProgressHook("RGB")
    hook.before_train(runner)
    hook.after_val_epoch(runner, {"acc/top1": 0.5})
    for _ in range(2):
        hook.after_train_iter(runner, 0, outputs={"loss": torch.tensor(1.25, requires_grad=True)})
    (task,) = hook._progress.tasks
    assert (task.completed, task.total) == (3, 4)
    assert task.description == "RGB train"
    assert task.fields["status"] == "loss 1.250 acc/top1 0.500"
    hook.after_train(runner)
    assert hook._progress is None


def test_a_test_has_a_bar_of_its_own(runner):
    hook = ProgressHook()
    hook.before_test(runner)
    hook.after_test_iter(runner, 0)
    (task,) = hook._progress.tasks
    assert (task.description, task.completed, task.total) == ("test", 1, 3)
    hook.after_test(runner)
    assert hook._progress is None
