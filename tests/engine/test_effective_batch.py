from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from tsn_plugin.engine.hooks import EffectiveBatchHook, effective_batch

IMAGES = [(torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(i)), torch.tensor(i % 2)) for i in range(8)]


@pytest.fixture
def messages(monkeypatch):
    found = []
    monkeypatch.setattr(effective_batch, "print_log", lambda message, _, level: found.append((level, message)))
    return found


def wrapper(model):
    return OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))


def runner_of(optim_wrapper, loader, loop=EpochBasedTrainLoop):
    return SimpleNamespace(
        optim_wrapper=optim_wrapper, train_dataloader=loader, train_loop=loop.__new__(loop), max_iters=1000
    )


@pytest.mark.parametrize(
    ("batch_size", "per_device", "devices", "counts", "level"),
    [
        (128, 32, 4, 1, logging.INFO),
        (128, 32, 1, 4, logging.INFO),
        (256, 16, 2, 8, logging.INFO),
        (128, 32, 3, 1, logging.WARNING),  # 96 is nearer than 192
        (128, 24, 1, 5, logging.WARNING),  # 120
        (8, 32, 1, 1, logging.WARNING),  # 32
    ],
)
def test_counts_by_hand(monkeypatch, messages, tiny_net, batch_size, per_device, devices, counts, level):
    monkeypatch.setattr(effective_batch, "get_world_size", lambda: devices)
    optim_wrapper = wrapper(tiny_net())
    EffectiveBatchHook(batch_size).before_run(runner_of(optim_wrapper, DataLoader(IMAGES, per_device)))
    assert optim_wrapper._accumulative_counts == counts
    ((found_level, message),) = messages
    assert found_level == level
    assert f"one update sees {per_device * devices * counts} videos" in message
    assert (f"batch_size={batch_size} is no multiple of {per_device * devices}" in message) is (
        level == logging.WARNING
    )


def test_a_batch_sampler_and_several_optimizers(tiny_net, messages):
    parts = OptimWrapperDict(a=wrapper(tiny_net()), b=wrapper(tiny_net()))
    loader = DataLoader(IMAGES, batch_sampler=BatchSampler(RandomSampler(IMAGES), 2, False))
    EffectiveBatchHook(8).before_run(runner_of(parts, loader))
    assert [part._accumulative_counts for part in parts.values()] == [4, 4]


def test_schedules_in_iterations_are_warned_about(tiny_net, messages):
    EffectiveBatchHook(8).before_run(runner_of(wrapper(tiny_net()), DataLoader(IMAGES, 2), IterBasedTrainLoop))
    level, message = messages[-1]
    assert level == logging.WARNING
    assert "max_iters=1000 counts batches of the loader, so there will be 250 updates" in message


@pytest.mark.parametrize("unbuilt", [None, dict(type="OptimWrapper")])
def test_a_runner_that_only_tests_is_left_alone(unbuilt, messages):
    EffectiveBatchHook().before_run(SimpleNamespace(optim_wrapper=unbuilt))
    assert not messages


def test_batch_size_must_be_positive():
    with pytest.raises(ValueError, match="batch_size=0 must be positive"):
        EffectiveBatchHook(0)


@pytest.mark.usefixtures("restore_default_scope")
def test_accumulated_training_equals_training_with_the_large_batch(tiny_net, tmp_path):
    """Without batch statistics the mean of the gradients of two halves is the gradient of the whole."""

    def train(videos, hooks):
        model = tiny_net(torch.nn.Identity)
        loader = dict(dataset=IMAGES, batch_size=videos, sampler=dict(type="DefaultSampler", shuffle=False))
        Runner(
            model,
            work_dir=str(tmp_path),
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1, momentum=0.9)),
            custom_hooks=hooks,
            default_hooks=dict(checkpoint=None),
            experiment_name=f"accumulation_{videos}",
            log_level="ERROR",
        ).train()
        return model.state_dict()

    expected = train(4, [])
    actual = train(2, [EffectiveBatchHook(4)])
    for name, value in expected.items():
        torch.testing.assert_close(actual[name], value, msg=name)
