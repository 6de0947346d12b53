from types import SimpleNamespace

import pytest
import torch
from mmaction.structures import ActionDataSample

from tsn_plugin.engine.hooks import FiniteLossHook


def batch(*names):
    return dict(data_samples=[ActionDataSample(metainfo=dict(video_name=name)) for name in names])


def iterate(hook, losses, *, first=0):
    for number, loss in enumerate(losses, start=first):
        runner = SimpleNamespace(iter=number)
        outputs = dict(loss=torch.tensor(loss), top1_acc=torch.tensor(float("nan")))
        hook.after_train_iter(runner, number, batch(f"a{number}", f"b{number}"), outputs)


def test_the_first_loss_that_is_no_number_is_told_with_its_videos():
    hook = FiniteLossHook(interval=5)
    with pytest.raises(FloatingPointError, match=r"iteration 3 is NaN or infinite\. Its videos: a2, b2\. Lower"):
        iterate(hook, [1.0, 2.0, float("nan"), float("inf"), 1.0])


@pytest.mark.parametrize("event", ["after_train_epoch", "before_save_checkpoint"])
def test_nothing_is_saved_behind_it(event):
    hook = FiniteLossHook(interval=100)
    iterate(hook, [1.0, float("inf")])
    with pytest.raises(FloatingPointError, match="iteration 2"):
        getattr(hook, event)(None, *([{}] if event == "before_save_checkpoint" else []))


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_a_gradient_or_another_process_broke_are_not_saved(value):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    runner = SimpleNamespace(model=model, iter=7)
    hook = FiniteLossHook()
    iterate(hook, [1.0])
    hook.before_save_checkpoint(runner, {})
    with torch.no_grad():
        model[1].bias[1] = value
    with pytest.raises(FloatingPointError, match=r"weight 1\.bias is NaN or infinite after 7 iterations"):
        hook.before_save_checkpoint(runner, {})
    model[1].requires_grad_(False)  # what is not trained is left alone: it may be a mask
    hook.before_save_checkpoint(runner, {})


def test_finite_losses_pass_and_metrics_do_not_matter():
    hook = FiniteLossHook(interval=2)
    iterate(hook, [1.0, 2.0, 3.0])
    hook.after_train_epoch(None)
    iterate(hook, [float("nan")], first=3)
    with pytest.raises(FloatingPointError, match="iteration 4"):
        hook.after_train_epoch(None)


def test_batches_of_several_loaders_and_without_names():
    hook = FiniteLossHook(interval=1)
    with pytest.raises(FloatingPointError, match="Its videos: a, b, c"):
        hook.after_train_iter(SimpleNamespace(iter=0), 0, [batch("a"), batch("b", "c")], dict(loss_cls=float("nan")))
    with pytest.raises(FloatingPointError, match="Its videos: unknown"):
        hook.after_train_iter(SimpleNamespace(iter=0), 0, None, dict(loss=float("inf")))
    with pytest.raises(ValueError, match="interval=0 must be positive"):
        FiniteLossHook(interval=0)
