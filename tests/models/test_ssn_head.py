from pathlib import Path

import numpy as np
import pytest
import torch

from tsn_plugin.models.heads import SSNHead
from tsn_plugin.models.losses import class_regression_loss, completeness_loss

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"
PYRAMIDS = [(1, 1, 1), (1, (1, 2), 1), (2, (1, 2, 4), 2)]


def tensors(golden, *keys):
    return [torch.from_numpy(golden[key]) for key in keys]


@pytest.mark.parametrize("case", range(5))
def test_completeness_loss_equals_the_originals(case):
    golden = np.load(GOLDEN / "case08_completeness_loss.npz")
    scores, labels = tensors(golden, f"c{case}_pred", f"c{case}_label")
    scores.requires_grad_()
    loss = completeness_loss(scores, labels - 1, num_positive=1, num_incomplete=6)
    loss.backward()
    np.testing.assert_allclose(loss.item(), golden[f"c{case}_loss"][0], rtol=1e-6)
    np.testing.assert_allclose(scores.grad, golden[f"c{case}_grad"], atol=1e-6)


@pytest.mark.parametrize("case", range(2))
def test_regression_loss_equals_the_originals(case):
    golden = np.load(GOLDEN / "case09_regression_loss.npz")
    regression, labels, targets = tensors(golden, f"c{case}_pred", f"c{case}_label", f"c{case}_target")
    regression.requires_grad_()
    loss = class_regression_loss(regression, labels - 1, targets)
    loss.backward()
    np.testing.assert_allclose(loss.item(), golden[f"c{case}_loss"], rtol=1e-6)
    np.testing.assert_allclose(regression.grad, golden[f"c{case}_grad"], atol=1e-6)


def test_the_head_trains_as_the_original():
    golden = np.load(GOLDEN / "case10_head_train.npz")
    features, scales, labels, targets, kinds = tensors(golden, "feat", "scale", "label", "reg_target", "prop_type")
    head = SSNHead(20, 12, dropout_ratio=0)
    layers = ("activity_fc", "completeness_fc", "regressor_fc")
    head.load_state_dict(
        {
            f"{layer}.{name}": tensors(golden, f"{layer}_{name[0]}")[0]
            for layer in layers
            for name in ("weight", "bias")
        },
        strict=False,
    )
    features = features.unflatten(0, (-1, 9))
    losses = head.loss(features, scales.flatten(0, 1), kinds=kinds, labels=labels, targets=targets.flatten(0, 1))
    total = sum(value for name, value in losses.items() if "loss" in name)
    total.backward()
    wanted = [golden["loss_act"], 0.1 * golden["loss_comp"][0], 0.1 * golden["loss_reg"]]
    np.testing.assert_allclose([value.item() for value in list(losses.values())[:3]], wanted, rtol=1e-5)
    np.testing.assert_allclose(total.item(), golden["loss_total"][0], rtol=1e-5)
    for layer in layers:
        for name in ("weight", "bias"):
            gradient = getattr(getattr(head, layer), name).grad
            np.testing.assert_allclose(gradient, golden[f"{layer}_g{name[0]}"], atol=1e-5)


@pytest.fixture
def head_of():
    def make(pyramid, **options):
        torch.manual_seed(0)
        head = SSNHead(4, 6, pyramid=pyramid, snippets=(4, 8, 4), **options).eval()
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter)
        head.set_regression_statistics((0.1, -0.2), (0.5, 2.0))
        return head

    return make


@pytest.mark.parametrize("pyramid", PYRAMIDS)
@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.0, 0.3)])
def test_pooling_scores_equals_pooling_features(head_of, pyramid, scales):
    head = head_of(pyramid)
    ticks = torch.randn(30, 6)
    marks, scales = torch.tensor([[5, 9, 17, 21]]), torch.tensor([scales])  # 4, 8 and 4 ticks, as in training
    with torch.no_grad():
        activity, completeness, regression = head.pool_ticks(head.classify_ticks(ticks), marks, scales)
        trained = head(ticks[None, 5:21], scales)
    torch.testing.assert_close(activity, trained[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(completeness, trained[1], rtol=0, atol=1e-5)
    moved = trained[2] * torch.tensor([0.5, 2.0]) + torch.tensor([0.1, -0.2])
    torch.testing.assert_close(regression, moved, rtol=0, atol=1e-5)


def test_the_originals_pooling_agrees_only_for_whole_stages_within_the_video(head_of):
    ticks, marks = torch.randn(30, 6), torch.tensor([[5, 9, 17, 21]])

    def gap(pyramid, scales):
        pooled = []
        for legacy in (False, True):
            head = head_of(pyramid, legacy_test=legacy)
            with torch.no_grad():
                pooled.append(head.pool_ticks(head.classify_ticks(ticks), marks, torch.tensor([scales]))[1])
        return (pooled[0] - pooled[1]).abs().max()

    assert gap((1, 1, 1), (1.0, 1.0)) < 1e-5
    assert gap((1, 1, 1), (0.0, 0.0)) > 0.1  # the bias is scaled with the stages
    assert gap((1, (1, 2), 1), (1.0, 1.0)) > 0.1  # parts are not divided


def test_statistics_travel_in_the_checkpoint(head_of):
    head, other = head_of((1, 1, 1)), SSNHead(4, 6, snippets=(4, 8, 4))
    other.load_state_dict(head.state_dict())
    assert other.regression_std.tolist() == [0.5, 2.0]


def test_a_head_without_regression(head_of):
    head = head_of((1, 1, 1), with_regression=False)
    ticks = head.classify_ticks(torch.randn(3, 6))
    assert ticks.shape == (3, 5 + 3 * 4)
    assert head.pool_ticks(ticks, torch.tensor([[0, 1, 2, 3]]), torch.ones(1, 2))[2] is None


def test_proposals_must_fill_videos():
    with pytest.raises(ValueError, match="8 proposals do not fill videos of 7"):
        completeness_loss(torch.zeros(8, 3), torch.zeros(8, dtype=int), num_positive=1, num_incomplete=6)
