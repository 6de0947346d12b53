from __future__ import annotations

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS, DefaultScope

from tsn_plugin.engine.optim_wrapper import AutocastOptimWrapper


def wrap(model, kind=AutocastOptimWrapper, **arguments):
    return kind(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), **arguments)


def step(model, wrapper, batch):
    with wrapper.optim_context(model):
        scores = model(batch["inputs"])
        loss = torch.nn.functional.cross_entropy(scores.float(), batch["labels"])
    wrapper.update_params(loss)
    return scores.dtype


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_forward_is_mixed_and_parameters_stay_float32(tiny_net, tiny_batch, dtype):
    model, reference = tiny_net(), tiny_net()
    wrapper, plain = wrap(model, dtype=dtype, clip_grad=dict(max_norm=1)), wrap(reference, OptimWrapper)
    assert step(model, wrapper, tiny_batch()) == getattr(torch, dtype)
    assert step(reference, plain, tiny_batch()) == torch.float32
    for name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        torch.testing.assert_close(parameter, dict(reference.named_parameters())[name], rtol=0.05, atol=0.02)
    assert not wrapper.scaler.is_enabled()


def test_batches_are_accumulated(tiny_net, tiny_batch):
    model = tiny_net()
    wrapper = wrap(model, accumulative_counts=2)
    before = model.fc.weight.clone()
    step(model, wrapper, tiny_batch())
    assert torch.equal(model.fc.weight, before)
    step(model, wrapper, tiny_batch(1))
    assert not torch.equal(model.fc.weight, before)


def test_states_are_exchanged_with_mmengines_wrapper(tiny_net, tiny_batch):
    model = tiny_net()
    wrapper, plain = wrap(model), wrap(tiny_net(), OptimWrapper)
    step(model, wrapper, tiny_batch())
    plain.load_state_dict(wrapper.state_dict())
    momentum = plain.optimizer.state_dict()["state"][0]["momentum_buffer"]
    # AmpOptimWrapper adds the state of its scaler
    other = wrap(tiny_net())
    state = {**plain.state_dict(), "loss_scaler": dict(scale=65536.0, growth_factor=2.0)}
    other.load_state_dict(state)
    assert torch.equal(other.optimizer.state_dict()["state"][0]["momentum_buffer"], momentum)
    assert "loss_scaler" in state


def test_it_can_be_named_in_a_config(tiny_net):
    optimizer = torch.optim.SGD(tiny_net().parameters(), lr=0.1)
    with DefaultScope.overwrite_default_scope("mmaction"):
        cfg = dict(type="tsn_plugin.AutocastOptimWrapper", dtype="bfloat16", clip_grad=dict(max_norm=40))
        wrapper = OPTIM_WRAPPERS.build(cfg, default_args=dict(optimizer=optimizer))
    assert isinstance(wrapper, AutocastOptimWrapper)
    assert wrapper.clip_grad_kwargs == dict(max_norm=40)


def test_unknown_dtypes_are_refused(tiny_net):
    with pytest.raises(ValueError, match="dtype='int8' is unknown; known: bfloat16, float16"):
        wrap(tiny_net(), dtype="int8")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="gradients are scaled on CUDA only")
def test_float16_gradients_are_scaled_on_cuda(tiny_net, tiny_batch):
    model = tiny_net().cuda()
    wrapper = wrap(model, dtype="float16", clip_grad=dict(max_norm=1))
    before = model.fc.weight.clone()
    step(model, wrapper, {name: value.cuda() for name, value in tiny_batch().items()})
    assert not torch.equal(model.fc.weight, before)
    assert wrapper.state_dict()["loss_scaler"]["scale"] == 65536.0
    other = wrap(tiny_net().cuda(), dtype="float16")
    other.load_state_dict(wrapper.state_dict())
