"""One training step of the whole recognizer against the original (golden case 02), through the parts that train it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.optim import build_optim_wrapper

import tsn_plugin.engine  # noqa: F401  registers the constructor
from tsn_plugin.engine.hooks import PartialBNHook
from tsn_plugin.modality import get_modality
from tsn_plugin.registry import MODELS

CASES = {
    # modality, learning-rate multiplier of the first convolution, gradient clip
    "rgb": ("RGB", 1, 40),
    "flow": ("Flow", 5, 20),
    "rgbdiff": ("RGBDiff", 1, 20),
}


def build_model(facts):
    cfg = dict(
        type="tsn_plugin.Recognizer2D",
        backbone=dict(type="tsn_plugin.BNInception", in_channels=facts.in_channels),
        cls_head=dict(type="tsn_plugin.TSNHead", num_classes=5, in_channels=1024, dropout_ratio=0),
        data_preprocessor=dict(
            type="tsn_plugin.ActionDataPreprocessor",
            modality=facts.name,
            mean=[0.0 if facts.is_difference else 128.0] * facts.channels_per_frame,
            std=[64.0] * facts.channels_per_frame,
        ),
    )
    return MODELS.build(cfg)


def load_formula_weights(model, formula):
    """Weights by formula under the original's names; the classifier's are halved."""
    with torch.no_grad():
        for name, value in model.backbone.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                value.copy_(formula(name, tuple(value.shape)))
        model.cls_head.fc_cls.weight.copy_(formula("new_fc.weight", (5, 1024)) / 2)
        model.cls_head.fc_cls.bias.copy_(formula("new_fc.bias", (5,)))


def batch(channels):
    noise = np.random.RandomState(7).uniform(0, 255, (2, 3 * channels, 224, 224)).round()
    inputs = torch.from_numpy(noise.astype(np.uint8)).reshape(2, 3, channels, 224, 224)
    samples = [ActionDataSample(), ActionDataSample()]
    for sample, label in zip(samples, (1, 3)):
        getattr(sample, "set_gt_label", getattr(sample, "set_gt_labels", None))(label)
    return dict(inputs=list(inputs), data_samples=samples)


def original_name(name):
    return name.replace("backbone.", "base_model.").replace("cls_head.fc_cls.", "new_fc.")


@pytest.mark.usefixtures("mmaction_scope")
@pytest.mark.parametrize("case", CASES)
def test_train_step_equals_the_original(golden, formula, case):
    modality, first_conv_lr_mult, clip = CASES[case]
    facts = get_modality(modality)
    channels = facts.channels_per_frame * (facts.snippet_len + facts.extra_frames)
    expected = json.loads((golden / f"case02_train_step_{case}.json").read_text())
    model = build_model(facts)
    load_formula_weights(model, formula)
    optim_wrapper = build_optim_wrapper(
        model,
        dict(
            optimizer=dict(type="SGD", lr=0.005, momentum=0.9, weight_decay=5e-4),
            clip_grad=dict(max_norm=clip),
            constructor="tsn_plugin.TSNOptimWrapperConstructor",
            paramwise_cfg=dict(first_conv_lr_mult=first_conv_lr_mult),
        ),
    )
    hook, runner = PartialBNHook(), SimpleNamespace(model=model, optim_wrapper=optim_wrapper)
    hook.before_run(runner)
    model.train()
    hook.before_train_iter(runner, 0)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    logits = []
    model.cls_head.register_forward_hook(lambda *call: logits.append(call[-1].detach()))
    losses = model.train_step(batch(channels), optim_wrapper)

    np.testing.assert_allclose(logits[0].flatten(), expected["logits"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(float(losses["loss"].detach()), expected["loss"], rtol=1e-3)
    norm = optim_wrapper.message_hub.get_scalar("train/grad_norm").current()
    np.testing.assert_allclose(norm, expected["grad_norm_before_clip"], rtol=1e-3)
    check_groups(optim_wrapper, expected["groups"], model)
    updates = {original_name(n): float((p.detach() - before[n]).abs().sum()) for n, p in model.named_parameters()}
    check_updates(updates, expected)
    first_bn = model.backbone.conv1_7x7_s2_bn
    np.testing.assert_allclose(float(first_bn.running_mean.sum()), expected["first_bn_running_mean_sum"], rtol=1e-3)
    np.testing.assert_allclose(float(first_bn.running_var.sum()), expected["first_bn_running_var_sum"], rtol=1e-3)
    bn_training = [m.training for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert sum(bn_training) == expected["bn_training"]


def check_groups(optim_wrapper, expected, model):
    names = {id(parameter): original_name(name) for name, parameter in model.named_parameters()}
    groups = {group["name"]: group for group in optim_wrapper.optimizer.param_groups}
    groups["BN scale/shift"] = groups.pop("bn")
    assert set(groups) == set(expected)
    for name, group in groups.items():
        assert group["lr"] == pytest.approx(0.005 * expected[name]["lr_mult"]), name
        assert group["weight_decay"] == pytest.approx(5e-4 * expected[name]["decay_mult"]), name
        assert len(group["params"]) == expected[name]["num"], name
        if expected[name]["params"] is not None:
            assert [names[id(parameter)] for parameter in group["params"]] == expected[name]["params"]


def check_updates(updates, expected):
    frozen = [name for name, update in updates.items() if update == 0 and "_bn." in name]
    assert len(frozen) == expected["requires_grad_false"] == 136
    for name, update in expected["update_abs_sum"].items():
        # a bias before batch statistics has no effect: its update is rounding noise
        np.testing.assert_allclose(updates[name], update, rtol=1e-3, atol=1e-7, err_msg=name)
