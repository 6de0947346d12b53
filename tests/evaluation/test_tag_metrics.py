import numpy as np
import pytest
import torch
from mmaction.evaluation import mean_average_precision
from mmengine.evaluator import Evaluator

from tsn_plugin.evaluation.tag_metrics import HVUMetric, category_average_precisions

COUNTS = {"action": 2, "scene": 3}
SCORES = np.array([[2.0, 0, 5, 1, 0], [1, 3, 4, 2, 0], [0, 1, 3, 0, 2]])
LABELS = np.array([[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 1]])
MASK = np.array([[1, 0], [1, 1], [0, 1]])


def data_samples(scores=SCORES, labels=LABELS, masks=MASK):
    columns = (torch.as_tensor(column) for column in (scores, labels, masks))
    return [dict(pred_score=s, gt_label=y, category_mask=m) for s, y, m in zip(*columns)]


def evaluate(metric, samples):
    evaluator = Evaluator([metric])
    metric.process({}, samples)
    return evaluator.evaluate(len(samples))


def test_categories_count_over_the_videos_that_have_them():
    # action: videos 0 and 1, both tags ranked first: 1. scene: videos 1 and 2; tag 0 ranks 4 > 3 right: 1, tag 1 has no
    # video, tag 2 ranks 0 < 2 right: 1. Had video 0 counted, its 5 for the scene's first tag would come before: 1/2.
    values = evaluate(HVUMetric(list(COUNTS), list(COUNTS.values())), data_samples())
    assert values == {"hvu/action_mAP": 1.0, "hvu/scene_mAP": 1.0, "hvu/mean_mAP": 1.0}
    everyone = category_average_precisions(SCORES, LABELS, np.ones_like(MASK), counts=COUNTS)
    assert everyone["scene"] == (1 / 2 + 1) / 2


def test_parity_with_0x():
    """``HVUDataset.evaluate`` of MMAction2 0.x: mean_average_precision over the videos with the category."""
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(30, 5)), rng.integers(0, 2, (30, 5))
    mask = rng.integers(0, 2, (30, 2))
    values = category_average_precisions(scores, labels, mask, counts=COUNTS)
    for index, (category, part) in enumerate({"action": slice(0, 2), "scene": slice(2, 5)}.items()):
        used = mask[:, index] == 1
        expected = mean_average_precision(list(scores[used, part]), list(labels[used, part]))
        assert values[category] == pytest.approx(expected)


def test_a_category_without_tags_does_not_count():
    assert category_average_precisions(SCORES, LABELS, MASK * [1, 0], counts=COUNTS) == {"action": 1.0}


def test_missing_masks_and_tags_are_named():
    samples = data_samples()
    samples[1].pop("category_mask")
    with pytest.raises(ValueError, match=r"no 'category_mask'.*algorithm_keys"):
        evaluate(HVUMetric(), samples)
    with pytest.raises(ValueError, match="no tested video has a tag"):
        evaluate(HVUMetric(list(COUNTS), list(COUNTS.values())), data_samples(labels=LABELS * 0))
    with pytest.raises(ValueError, match=r"scores \(3, 5\).* do not fit 3142 tags in 6 categories"):
        evaluate(HVUMetric(), data_samples())
    with pytest.raises(ValueError, match="no video was tested"):
        HVUMetric().compute_metrics([])
