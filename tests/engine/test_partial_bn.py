from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import distributed as dist
from torch import nn

from tsn_plugin.engine.hooks import PartialBNHook

DATASET = [(torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(i)), torch.tensor(i % 2)) for i in range(8)]


class NoMetric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {}


class StateRecorder(PartialBNHook):
    """Notes which layers are in training mode when an iteration starts."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        super().before_train_iter(runner, batch_idx, data_batch)
        self.seen = [*getattr(self, "seen", []), training_flags(runner.model)]


def batch_norms(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]


def training_flags(model):
    return [layer.training for layer in batch_norms(model)]


def runner_of(model, **optimizer):
    cfg = dict(optimizer={**dict(type="SGD", lr=0.1, weight_decay=0.1), **optimizer})
    return SimpleNamespace(model=model, optim_wrapper=build_optim_wrapper(model, cfg))


def train_step(hook, runner, batch):
    runner.model.train()
    hook.before_train_iter(runner, 0)
    runner.optim_wrapper.update_params(runner.model(**batch, mode="loss")["loss"])


def snapshot(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("first_trainable", [0, 1, 2])
def test_only_the_first_layers_change_in_training(tiny_net, tiny_batch, first_trainable):
    model, hook = tiny_net(), PartialBNHook(first_trainable)
    runner, before = runner_of(model), snapshot(model)
    hook.before_run(runner)
    train_step(hook, runner, tiny_batch())
    assert training_flags(model) == [i < first_trainable for i in range(3)]
    for i, layer in enumerate((1, 4, 7)):
        for entry in ("weight", "bias", "running_mean", "running_var"):
            name = f"backbone.{layer}.{entry}"
            assert torch.equal(model.state_dict()[name], before[name]) is (i >= first_trainable), name
    assert not torch.equal(model.backbone[6].weight, before["backbone.6.weight"])


def test_scale_and_shift_may_stay_trainable(tiny_net, tiny_batch):
    model, hook = tiny_net(), PartialBNHook(freeze_affine=False)
    runner, before = runner_of(model), snapshot(model)
    hook.before_run(runner)
    train_step(hook, runner, tiny_batch())
    assert torch.equal(model.backbone[4].running_mean, before["backbone.4.running_mean"])
    assert not torch.equal(model.backbone[4].weight, before["backbone.4.weight"])


def test_requires_grad_is_never_touched_and_unused_gradients_do_not_add_up(tiny_net, tiny_batch):
    model, hook = tiny_net(), PartialBNHook()
    runner = runner_of(model)
    hook.before_run(runner)
    train_step(hook, runner, tiny_batch())
    first = model.backbone[4].weight.grad.clone()
    train_step(hook, runner, tiny_batch(1))
    assert all(parameter.requires_grad for parameter in model.parameters())
    hook.before_train_iter(runner, 0)
    assert first.any()
    assert model.backbone[4].weight.grad is None


def test_frozen_parameters_have_no_share_in_the_clipped_norm(tiny_net, tiny_batch):
    model, hook = tiny_net(), PartialBNHook()
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=build_optim_wrapper(model, dict(optimizer=dict(type="SGD", lr=0.1), clip_grad=dict(max_norm=40))),
    )
    hook.before_run(runner)
    train_step(hook, runner, tiny_batch())
    reference = tiny_net()
    for layer in batch_norms(reference)[1:]:
        layer.eval().requires_grad_(False)
    reference(**tiny_batch(), mode="loss")["loss"].backward()
    expected = nn.utils.clip_grad_norm_(reference.parameters(), 40)
    norm = runner.optim_wrapper.message_hub.get_scalar("train/grad_norm").current()
    assert norm == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_emptied_groups_stay_for_the_schedulers(tiny_net, tiny_batch, kind):
    model, hook = tiny_net(), PartialBNHook()
    cfg = dict(optimizer=dict(type=kind, lr=0.1, weight_decay=0.1), paramwise_cfg=dict(norm_decay_mult=0.0))
    runner = SimpleNamespace(model=model, optim_wrapper=build_optim_wrapper(model, cfg))
    groups = len(runner.optim_wrapper.optimizer.param_groups)
    hook.before_run(runner)
    assert len(runner.optim_wrapper.optimizer.param_groups) == groups
    assert sum(not group["params"] for group in runner.optim_wrapper.optimizer.param_groups) == 4
    train_step(hook, runner, tiny_batch())
    runner.optim_wrapper.load_state_dict(runner.optim_wrapper.state_dict())


def test_several_optimizers(tiny_net):
    model, hook = tiny_net(), PartialBNHook()
    parts = {
        name: OptimWrapper(torch.optim.SGD(getattr(model, name).parameters(), lr=1)) for name in ("backbone", "fc")
    }
    hook.before_run(SimpleNamespace(model=model, optim_wrapper=OptimWrapperDict(**parts)))
    assert len(parts["backbone"].optimizer.param_groups[0]["params"]) == 12 - 4
    assert len(parts["fc"].optimizer.param_groups[0]["params"]) == 2


def test_synchronised_and_one_dimensional_layers_count_too(tiny_net):
    model = tiny_net(nn.SyncBatchNorm)
    model.backbone.add_module("flat", nn.BatchNorm1d(4))
    hook = PartialBNHook()
    hook.before_run(SimpleNamespace(model=model, optim_wrapper=None))
    model.train()
    hook.before_train_iter(None, 0)
    assert training_flags(model) == [True, False, False, False]


def test_a_compiled_model_keeps_its_frozen_statistics(tiny_net, tiny_batch):
    model, hook = tiny_net(), PartialBNHook()
    runner, before = runner_of(model), snapshot(model)
    hook.before_run(runner)
    compiled = torch.compile(model, backend="eager")
    for seed in range(2):
        model.eval()
        compiled(**tiny_batch(seed), mode="loss")
        model.train()
        hook.before_train_iter(runner, 0)
        runner.optim_wrapper.update_params(compiled(**tiny_batch(seed), mode="loss")["loss"])
    assert torch.equal(model.backbone[7].running_var, before["backbone.7.running_var"])
    assert not torch.equal(model.backbone[1].running_var, before["backbone.1.running_var"])


def build_runner(model, folder, hook, *, max_epochs, resume=False, by_epoch=True):
    loader = dict(dataset=DATASET, batch_size=4, sampler=dict(type="DefaultSampler", shuffle=False))
    train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
    if not by_epoch:
        train_cfg = dict(by_epoch=False, max_iters=4, val_interval=1)
    return Runner(
        model,
        work_dir=str(folder),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=train_cfg,
        val_cfg=dict(),
        val_evaluator=[NoMetric()],
        optim_wrapper=dict(
            optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=0.1), paramwise_cfg=dict(norm_decay_mult=0.0)
        ),
        param_scheduler=dict(type="MultiStepLR", milestones=[1], gamma=0.5),
        custom_hooks=[hook, dict(type="EMAHook")],
        default_scope="mmaction",
        resume=resume,
        experiment_name=f"{folder.name}_{resume}",
        log_level="ERROR",
    )


@pytest.mark.usefixtures("restore_default_scope")
@pytest.mark.parametrize("by_epoch", [True, False])
def test_validation_averaging_and_resuming_do_not_thaw_anything(tiny_net, tmp_path, by_epoch):
    model, hook = tiny_net(), StateRecorder()
    before = snapshot(model)
    build_runner(model, tmp_path, hook, max_epochs=2, by_epoch=by_epoch).train()
    assert hook.seen == [[True, False, False]] * 4
    if by_epoch:
        hook = StateRecorder()
        model = tiny_net()
        runner = build_runner(model, tmp_path, hook, max_epochs=3, resume=True)
        runner.train()
        assert runner.iter == 6
        assert hook.seen == [[True, False, False]] * 2
    for name, value in model.state_dict().items():
        if name.startswith(("backbone.4", "backbone.7")):
            assert torch.equal(value, before[name]), name
    assert not torch.equal(model.backbone[1].running_mean, before["backbone.1.running_mean"])


def train_in_one_of_two(tiny_net, rank):
    """States of the model before and after three iterations with a validation after each."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    model = tiny_net()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    wrapped = MMDistributedDataParallel(model, find_unused_parameters=False)
    wrapper_cfg = dict(
        optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=0.1),
        constructor="tsn_plugin.TSNOptimWrapperConstructor",
    )
    with DefaultScope.overwrite_default_scope("mmaction"):
        runner = SimpleNamespace(model=wrapped, optim_wrapper=build_optim_wrapper(wrapped, wrapper_cfg))
    hook = PartialBNHook()
    hook.before_run(runner)
    for step in range(3):
        generator = torch.Generator().manual_seed(10 * step + rank)
        data = dict(inputs=torch.randn(4, 3, 6, 6, generator=generator), labels=torch.tensor([0, 1, 1, 0]))
        wrapped.train()
        hook.before_train_iter(runner, step)
        wrapped.train_step(data, runner.optim_wrapper)
        wrapped.eval()
        with torch.no_grad():
            model(data["inputs"])
    # each process keeps the statistics of its own batches; DDP sends the first one's around before a forward
    for buffer in model.buffers():
        dist.broadcast(buffer, 0)
    return dict(before=before, after=model.state_dict())


def test_two_processes_train_alike_and_wait_for_no_gradient(ranks, tiny_net, tmp_path):
    for process in ranks(2, lambda rank: torch.save(train_in_one_of_two(tiny_net, rank), tmp_path / f"rank{rank}.pth")):
        assert process.end() == 0, process.output()
    first, second = (torch.load(tmp_path / f"rank{rank}.pth") for rank in range(2))
    for name, value in first["after"].items():
        assert torch.equal(value, second["after"][name]), name
    changed = {name for name, value in first["after"].items() if not torch.equal(value, first["before"][name])}
    assert not {name for name in changed if name.startswith(("backbone.4", "backbone.7"))}
    assert {"backbone.0.weight", "backbone.1.weight", "backbone.1.running_mean", "backbone.3.weight"} <= changed


def test_too_few_layers_are_reported(tiny_net, monkeypatch):
    messages = []
    monkeypatch.setattr("tsn_plugin.engine.hooks.partial_bn.print_log", lambda message, *_: messages.append(message))
    PartialBNHook(first_trainable=3).before_run(SimpleNamespace(model=tiny_net(), optim_wrapper=None))
    assert messages == ["PartialBNHook freezes nothing: backbone has 3 batch normalisations"]


def test_wrong_arguments_are_refused(tiny_net):
    with pytest.raises(ValueError, match="first_trainable=-1"):
        PartialBNHook(-1)
    with pytest.raises(ValueError, match="module='encoder' is no part of the model; its parts: .*backbone, fc"):
        PartialBNHook(module="encoder").before_run(SimpleNamespace(model=tiny_net(), optim_wrapper=None))
