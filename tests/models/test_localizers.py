from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope
from torch import nn

from tsn_plugin.models.localizers import SSN, ActionnessClassifier
from tsn_plugin.ops.proposal_sampling import tick_marks
from tsn_plugin.registry import MODELS

CROP_ORDER = Path(__file__).parents[1] / "data" / "golden" / "ssn" / "case22_crop_order.npz"


@MODELS.register_module(name="MeansForLocalizers", force=True)
class Means(nn.Module):
    """Four features of an image: its three channels' means, and their product with the position of the brightest."""

    def forward(self, images):
        means = images.mean(dim=(2, 3))
        return torch.cat([means, means.prod(dim=1, keepdim=True)], dim=1)[..., None, None]


@pytest.fixture(autouse=True)
def scope(no_default_scope):
    init_default_scope("mmaction")


def ssn(**head):
    torch.manual_seed(0)
    cls_head = dict(type="tsn_plugin.SSNHead", num_classes=2, in_channels=4, dropout_ratio=0, **head)
    model = SSN(dict(type="tsn_plugin.MeansForLocalizers"), cls_head, max_views=5)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model.eval()


def chunk(first, count, *, total=9, boxes=None, name="v"):
    """A chunk of ticks, whose pictures are drawn by the tick's number."""
    pictures = [np.random.RandomState(first + number).randint(0, 256, (3, 8, 8), np.uint8) for number in range(count)]
    sample = ActionDataSample()
    intervals = np.array([[0.2, 0.7], [0.0, 1.0]])
    sample.set_metainfo(dict(video_name=name, first_tick=first, num_ticks=total, proposal_intervals=intervals))
    if boxes is not None:
        sample.set_metainfo(dict(view_boxes=np.array(boxes)))
    return dict(inputs=[torch.from_numpy(np.stack(pictures))], data_samples=[sample])


def test_a_video_is_pooled_when_its_last_chunk_is_there():
    model = ssn()
    first = model.test_step(chunk(0, 5))[0]
    assert "activity" not in first
    other = model.test_step(chunk(0, 9, name="w"))[0]  # another video in between
    last = model.test_step(chunk(5, 4))[0]
    torch.testing.assert_close(last.activity, other.activity)
    whole = model.forward(chunk(0, 9)["inputs"][0][None].float(), mode="tensor")
    where = tick_marks([[0.2, 0.7], [0.0, 1.0]], 9)
    wanted = model.cls_head.pool_ticks(
        model.cls_head.classify_ticks(whole), torch.from_numpy(where.marks), torch.from_numpy(where.scales)
    )
    for name, scores in zip(("activity", "completeness", "regression"), wanted):
        torch.testing.assert_close(last.get(name), scores)


def test_crops_of_a_tick_are_averaged():
    model = ssn()
    boxes = [[0, 0, 4, 4, 0], [4, 4, 4, 4, 1]]
    (sample,) = model.test_step(chunk(0, 9, boxes=boxes))
    data = chunk(0, 9)["inputs"][0].float()
    features = [model.features(data[..., :4, :4]), model.features(data[..., 4:, 4:])]
    scores = torch.stack([model.cls_head.classify_ticks(feature) for feature in features]).mean(dim=0)
    where = tick_marks([[0.2, 0.7], [0.0, 1.0]], 9)
    wanted = model.cls_head.pool_ticks(scores, torch.from_numpy(where.marks), torch.from_numpy(where.scales))
    torch.testing.assert_close(sample.completeness, wanted[1], rtol=1e-4, atol=1e-2)


def test_ten_crops_come_in_the_originals_order_and_no_ticks_are_mixed():
    """The original's classifier of actionness viewed crop-major pictures as tick-major, so that a row mixed ticks."""
    golden = np.load(CROP_ORDER)
    assert golden["binary_test_view"][0, :, 1].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    pictures = torch.zeros(4, 3, 2, 20, dtype=torch.uint8)  # a tick's pictures tell the crop and the tick
    pictures[:, 0] = torch.arange(20) // 2
    pictures[:, 1] = torch.arange(4)[:, None, None]
    head = dict(type="tsn_plugin.TSNHead", num_classes=2, in_channels=4, dropout_ratio=0)
    model = ActionnessClassifier(dict(type="tsn_plugin.MeansForLocalizers"), head).eval()
    sample = ActionDataSample()
    boxes = np.array([[2 * crop, 0, 2, 2, 0] for crop in range(10)])
    sample.set_metainfo(dict(video_name="v", first_tick=0, num_ticks=4, view_boxes=boxes))
    batch = model.data_preprocessor(dict(inputs=[pictures], data_samples=[sample]))
    features = model(batch["inputs"])
    assert features[:, :2].tolist() == golden["generator_order_crop_tick"].tolist()
    (sample,) = model(**batch, mode="predict")
    assert (golden["ssn_test_view"][..., 1] == [0, 1, 2, 3]).all()
    of_each_tick = features[torch.from_numpy(np.arange(40).reshape(golden["ssn_test_view"].shape[:2]))]
    torch.testing.assert_close(sample.tick_scores, model.cls_head.fc_cls(of_each_tick.mean(dim=0)))


def test_training_forgets_a_test_that_was_broken_off():
    model = ssn()
    model.test_step(chunk(0, 5))
    model.train()
    model.eval()
    assert "activity" not in model.test_step(chunk(5, 4))[0]


def test_training_learns():
    model = ssn().train()
    sample = ActionDataSample()
    for name, value in dict(
        proposal_kinds=torch.tensor([0, 1, 2]),
        proposal_labels=torch.tensor([1, 2, 0]),
        proposal_scales=torch.ones(3, 2),
        regression_targets=torch.zeros(3, 2),
    ).items():
        sample.set_field(value, name)
    data = dict(inputs=[torch.randint(0, 256, (27, 3, 8, 8), dtype=torch.uint8)], data_samples=[sample])
    losses = model(**model.data_preprocessor(data, training=True), mode="loss")
    assert set(losses) == {"loss_activity", "loss_completeness", "loss_regression", "activity_acc"}
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_actionness_scores_each_tick():
    head = dict(type="tsn_plugin.TSNHead", num_classes=2, in_channels=4, dropout_ratio=0.5, topk=(1,))
    model = ActionnessClassifier(dict(type="tsn_plugin.MeansForLocalizers"), head).eval()
    nn.init.normal_(model.cls_head.fc_cls.weight)
    (sample,) = model.test_step(chunk(0, 9))
    features = model.features(chunk(0, 9)["inputs"][0].float())
    torch.testing.assert_close(sample.tick_scores, model.cls_head.fc_cls(features))
    sample = ActionDataSample().set_gt_label(1)
    data = dict(inputs=[torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)], data_samples=[sample])
    assert model(**model.data_preprocessor(data, training=True), mode="loss")["loss_cls"] > 0


def test_unknown_modes_and_sizes_are_refused():
    with pytest.raises(ValueError, match="mode='test' is unknown; known: loss, predict, tensor"):
        ssn()(torch.zeros(1, 1, 3, 8, 8), mode="test")
    with pytest.raises(ValueError, match="max_views=0 must be positive"):
        SSN(dict(type="tsn_plugin.MeansForLocalizers"), dict(type="SSNHead", num_classes=1, in_channels=4), max_views=0)
