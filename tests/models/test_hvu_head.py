"""Several labels per video from a list to the metric: HVU's categories with masks, and plain many-hot labels."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator

import tsn_plugin.datasets
import tsn_plugin.evaluation  # noqa: F401
from tsn_plugin.models.heads import HVUHead
from tsn_plugin.registry import DATASETS, METRICS, MODELS

pytestmark = pytest.mark.usefixtures("mmaction_scope")

CATEGORIES = dict(tag_categories=["action", "event", "scene"], tag_category_nums=[3, 2, 4])
LOSS = dict(type="mmaction.HVULoss", categories=["action", "event", "scene"], category_nums=[3, 2, 4])
EVEN = dict(category_loss_weights=(1, 1, 1))
SCORES = torch.tensor([[1.0, -1, 2, 0, 3, -2, 1, 0, 1], [0, 1, -1, 2, 0, 1, 1, -3, 2]])
LABELS = torch.tensor([[1.0, 0, 0, 0, 0, 0, 1, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0]])
CATEGORY_MASK = torch.tensor([[1.0, 0, 1], [0, 1, 0]])
MASK = torch.repeat_interleave(CATEGORY_MASK, torch.tensor([3, 2, 4]), dim=1)
PACKING = dict(type="tsn_plugin.PackActionInputs", algorithm_keys=("mask", "category_mask"))


def labelled(label, **masks):
    sample = ActionDataSample()
    getattr(sample, "set_gt_label", getattr(sample, "set_gt_labels", None))(label)
    for name, mask in masks.items():
        sample.set_field(mask, name)
    return sample


def head(**loss):
    return HVUHead(num_classes=9, in_channels=2, loss_cls={**LOSS, **EVEN, **loss}, multi_class=True)


def samples():
    return [labelled(y, mask=m, category_mask=c) for y, m, c in zip(LABELS, MASK, CATEGORY_MASK)]


def test_missing_categories_cost_nothing():
    losses = head(loss_type="individual", with_mask=True, loss_weight=2).loss_by_feat(SCORES, samples())
    each = F.binary_cross_entropy_with_logits(SCORES, LABELS, reduction="none")
    action, event, scene = each[0, :3].mean(), each[1, 3:5].mean(), each[0, 5:].mean()
    torch.testing.assert_close(losses["action_LOSS"], action)
    torch.testing.assert_close(losses["loss_cls"], 2 * (action + event + scene) / 3)


def test_all_tags_together():
    losses = head(loss_type="all", with_mask=True).loss_by_feat(SCORES, samples())
    each = F.binary_cross_entropy_with_logits(SCORES, LABELS, reduction="none") * MASK
    torch.testing.assert_close(losses["loss_cls"], (each[0].sum() / 7 + each[1].sum() / 2) / 2)


def test_unpacked_masks_are_named():
    with pytest.raises(ValueError, match=r"no 'mask': pack it \(PackActionInputs\(algorithm_keys"):
        head().loss_by_feat(SCORES, [labelled(label) for label in LABELS])


@pytest.fixture
def root(tmp_path, make_frame_folder):
    """Two folders of frames with their lists: tags by category as JSON, and many labels as text."""
    tags = [{"action": [0], "scene": [1, 3]}, {"event": [0]}]
    for number in range(2):
        make_frame_folder(tmp_path / f"v{number}", num_frames=4, size=(32, 32))
    records = [dict(frame_dir=f"v{number}", total_frames=4, label=label) for number, label in enumerate(tags)]
    (tmp_path / "tags.json").write_text(json.dumps(records))
    (tmp_path / "labels.txt").write_text("v0 4 0 6 8\nv1 4 3\n")
    return str(tmp_path)


def batch(root, *, data, packing, load=()):
    pipeline = [
        dict(type="tsn_plugin.SampleFrames", clip_len=1, num_clips=2, test_mode=True),
        dict(type="mmaction.RawFrameDecode"),
        *load,
        dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
        packing,
    ]
    dataset = DATASETS.build(dict(data_root=root, data_prefix=dict(img=""), pipeline=pipeline, **data))
    return pseudo_collate([dataset[0], dataset[1]])


def recognizer(head_type, loss, scope="tsn_plugin"):
    torch.manual_seed(0)
    data_preprocessor = dict(type="mmaction.ActionDataPreprocessor", mean=[128.0] * 3, std=[64.0] * 3)
    backbone = dict(type="mmaction.ResNet", depth=18, norm_eval=False)
    cls_head = dict(
        type=head_type, num_classes=9, in_channels=512, loss_cls=loss, multi_class=True, average_clips="score"
    )
    return MODELS.build(
        dict(type=f"{scope}.Recognizer2D", backbone=backbone, cls_head=cls_head, data_preprocessor=data_preprocessor)
    )


def evaluate(metric, model, data):
    with torch.no_grad():
        outputs = model.eval().test_step(data)
    evaluator = Evaluator([METRICS.build(metric)])
    evaluator.process(outputs, data)
    return outputs, evaluator.evaluate(len(outputs))


@pytest.mark.parametrize(("own", "load"), [(True, []), (False, [dict(type="mmaction.LoadHVULabel")])])
def test_hvu_from_the_list_to_the_metric(root, own, load):
    data = dict(type="tsn_plugin.HVUDataset", ann_file="tags.json", multi_class=own, **CATEGORIES)
    model = recognizer("tsn_plugin.HVUHead", {**LOSS, **EVEN, "loss_type": "individual", "with_mask": True})
    inputs = batch(root, data=data, packing=PACKING, load=load)
    prepared = model.data_preprocessor(inputs, training=True)
    losses = model(**prepared, mode="loss")
    loss, _ = model.parse_losses(losses)
    loss.backward()
    torch.testing.assert_close(loss, (losses["action_LOSS"] + losses["event_LOSS"] + losses["scene_LOSS"]) / 3)

    outputs, values = evaluate(
        dict(type="tsn_plugin.HVUMetric", **CATEGORIES), model, batch(root, data=data, packing=PACKING, load=load)
    )
    # each category is in one video, whose tags alone rank first: every average precision is 1
    assert values == {f"hvu/{name}_mAP": 1.0 for name in ("action", "event", "scene", "mean")}
    assert [len(output.pred_score) for output in outputs] == [9, 9]


@pytest.mark.parametrize(
    ("head_type", "scope"), [("tsn_plugin.TSNHead", "tsn_plugin"), ("mmaction.TSNHead", "mmaction")]
)
@pytest.mark.parametrize("packing", ["tsn_plugin.PackActionInputs", "mmaction.PackActionInputs"])
def test_many_labels_from_the_list_to_the_metric(root, head_type, scope, packing):
    data = dict(type="mmaction.RawframeDataset", ann_file="labels.txt", multi_class=True, num_classes=9)
    model = recognizer(head_type, dict(type="mmaction.BCELossWithLogits", loss_weight=160.0), scope)
    inputs = batch(root, data=data, packing=dict(type=packing))
    prepared = model.data_preprocessor(inputs, training=True)
    features, head_kwargs = model.extract_feat(prepared["inputs"])
    model.cls_head.dropout = None
    scores = model.cls_head(features, **head_kwargs)
    expected = 160 * F.binary_cross_entropy_with_logits(scores, LABELS)
    losses = model.cls_head.loss(features, prepared["data_samples"], **head_kwargs)
    torch.testing.assert_close(losses["loss_cls"], expected)

    names = ["mmit_mean_average_precision", "mean_average_precision"]
    outputs, values = evaluate(
        dict(type="tsn_plugin.AccMetric", metric_list=names), model, batch(root, data=data, packing=dict(type=packing))
    )
    scores = np.stack([output.pred_score if "pred_score" in output else output.pred_scores.item for output in outputs])
    assert values["acc/mmit_mean_average_precision"] == pytest.approx(mmit(scores, LABELS.numpy()))


def mmit(scores, labels):
    """Mean over videos of the mean over their labels of (labels ranked at or above it) / (its rank)."""
    values = []
    for row, truth in zip(scores, labels):
        order = (-row).argsort()
        ranks = 1 + np.flatnonzero(truth[order])
        values.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return np.mean(values)
