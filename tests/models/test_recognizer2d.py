from __future__ import annotations

import pytest
import torch
from mmaction.models.recognizers import Recognizer2D as MMActionRecognizer2D
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import nn

from tsn_plugin.models.recognizers import Recognizer2D
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS

pytestmark = pytest.mark.usefixtures("mmaction_scope")


@MODELS.register_module()
class CountingBackbone(BaseModule):
    """A convolution that notes how many views it got at a time."""

    def __init__(self, outputs=1):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.outputs = outputs
        self.sizes = []

    def forward(self, x):
        self.sizes.append(len(x))
        features = self.conv(x).relu()
        return features if self.outputs == 1 else (features,) * self.outputs


@MODELS.register_module()
class MeanNeck(nn.Module):
    """Mean over the segments of the first map, as a neck returns it."""

    def forward(self, x, data_samples=None):
        return x[0].mean(dim=2, keepdim=True), {"loss_aux": torch.tensor(1.0)}


def samples(count):
    result = [ActionDataSample() for _ in range(count)]
    for sample in result:
        getattr(sample, "set_gt_label", getattr(sample, "set_gt_labels", None))(1)
    return result


def predicted_score(sample):
    """What MMAction2 1.2 or 1.1 stored."""
    return sample.pred_score if hasattr(sample, "pred_score") else sample.pred_scores.item


def recognizer(kind=Recognizer2D, head="tsn_plugin.TSNHead", test_cfg=None, outputs=1, **arguments):
    torch.manual_seed(0)
    model = kind(
        backbone=dict(type="tsn_plugin.CountingBackbone", outputs=outputs),
        cls_head=dict(type=head, num_classes=4, in_channels=6, init_std=1.0, average_clips="prob"),
        test_cfg=test_cfg,
        **arguments,
    )
    return model.eval()


IMAGES = torch.rand(2, 5, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def snippet_views(*snippets_per_video):
    """Raw snippets of 8x10 pixels with two crops of 6x6, the second mirrored."""
    generator = torch.Generator().manual_seed(0)
    videos = [
        torch.randint(0, 256, (count, 3, 8, 10), dtype=torch.uint8, generator=generator) for count in snippets_per_video
    ]
    boxes = [[(0, 0, 6, 6, 0), (4, 2, 6, 6, 1)]] * len(videos)
    return SnippetViews(videos, boxes, prepare=lambda crops: crops.float() / 255, mirror=lambda crops: crops.flip(-1))


def test_predictions_and_losses_are_mmaction2s():
    ours, theirs = recognizer(), recognizer(MMActionRecognizer2D, head="TSNHead")
    theirs.load_state_dict(ours.state_dict())
    for ours_sample, their_sample in zip(
        ours(IMAGES, samples(2), mode="predict"), theirs(IMAGES, samples(2), mode="predict")
    ):
        torch.testing.assert_close(ours_sample.pred_score, predicted_score(their_sample))
    actual, expected = ours(IMAGES, samples(2), mode="loss"), theirs(IMAGES, samples(2), mode="loss")
    torch.testing.assert_close(actual["loss_cls"], expected["loss_cls"])
    torch.testing.assert_close(ours(IMAGES), theirs(IMAGES))


@pytest.mark.parametrize(
    ("test_cfg", "expected"),
    [
        (None, [10]),
        (dict(max_views=4), [4, 4, 2]),
        (dict(max_testing_views=5), [5, 5]),
        (dict(max_views=3, fcn_test=False), [3, 3, 3, 1]),
    ],
)
def test_views_run_in_chunks_in_a_test(test_cfg, expected):
    model, whole = recognizer(test_cfg=test_cfg), recognizer()
    scores = model(IMAGES, samples(2), mode="predict")
    assert model.backbone.sizes == expected
    for sample, reference in zip(scores, whole(IMAGES, samples(2), mode="predict")):
        torch.testing.assert_close(sample.scores, reference.scores)


def test_training_runs_all_views_together():
    model = recognizer(test_cfg=dict(max_views=4))
    model(IMAGES, samples(2), mode="loss")
    assert model.backbone.sizes == [10]


def test_a_backbone_that_mixes_segments_gets_whole_videos():
    model = recognizer(test_cfg=dict(max_views=7))
    model.backbone.num_segments = 5
    model(IMAGES, samples(2), mode="predict")
    assert model.backbone.sizes == [5, 5]


def test_snippet_views_equal_their_materialised_crops():
    model = recognizer(test_cfg=dict(max_views=5))
    views = snippet_views(3, 3)
    actual = model(views, samples(2), mode="predict")
    assert model.backbone.sizes == [5, 5, 2]
    expected = recognizer()(views.materialize(), samples(2), mode="predict")
    for sample, reference in zip(actual, expected):
        torch.testing.assert_close(sample.scores, reference.scores)
    torch.testing.assert_close(model(views), model(views.materialize()))


def test_videos_may_differ_in_their_views():
    model = recognizer(test_cfg=dict(max_views=5))
    views = snippet_views(1, 4)
    first, second = model(views, samples(2), mode="predict")
    maps = torch.cat([recognizer().backbone(chunk) for chunk in views.chunks(100)])
    for sample, features in zip((first, second), (maps[:2], maps[2:])):
        torch.testing.assert_close(sample.scores, model.cls_head(features, len(features))[0])


def test_head_and_backbone_stages_can_be_asked_for():
    model = recognizer(test_cfg=dict(max_views=4))
    scores, head_kwargs = model.extract_feat(IMAGES, stage="head", test_mode=True)
    assert scores.shape == (2, 4)
    assert head_kwargs == dict(num_segs=5, fcn_test=False, loss_aux={})
    features, _ = recognizer(outputs=2, test_cfg=dict(max_views=4)).extract_feat(IMAGES, "backbone", test_mode=True)
    assert [tuple(each.shape) for each in features] == [(10, 6, 6, 6)] * 2


def test_a_neck_gets_all_views_of_a_video():
    model = recognizer(outputs=2, neck=dict(type="tsn_plugin.MeanNeck"), test_cfg=dict(max_views=4))
    assert model(IMAGES, samples(2), mode="predict")[0].scores.shape == (4,)
    assert model.backbone.sizes == [10]


def test_channels_last_changes_the_layout_but_not_the_scores():
    model, reference = recognizer(channels_last=True), recognizer()
    assert model.backbone.conv.weight.is_contiguous(memory_format=torch.channels_last)
    assert model.backbone(IMAGES[0]).is_contiguous(memory_format=torch.channels_last)
    for sample, expected in zip(
        model(IMAGES, samples(2), mode="predict"), reference(IMAGES, samples(2), mode="predict")
    ):
        torch.testing.assert_close(sample.scores, expected.scores)


@pytest.mark.parametrize("value", [-1, "8"])
def test_max_views_must_be_a_positive_integer(value):
    with pytest.raises(ValueError, match=f"max_views={value!r} must be a positive integer"):
        recognizer(test_cfg=dict(max_views=value))


def test_mmaction2s_config_builds_it_by_prefix():
    cfg = dict(
        type="tsn_plugin.Recognizer2D",
        backbone=dict(type="ResNet", depth=18, norm_eval=False),
        cls_head=dict(type="TSNHead", num_classes=3, in_channels=512, average_clips="prob"),
        data_preprocessor=dict(type="ActionDataPreprocessor", mean=[0.0] * 3, std=[1.0] * 3, format_shape="NCHW"),
        train_cfg=None,
        test_cfg=None,
        _scope_="mmaction",
    )
    model = MODELS.build(cfg).eval()
    with torch.no_grad():
        sample = model(torch.rand(1, 2, 3, 32, 32), samples(1), mode="predict")[0]
    assert predicted_score(sample).shape == (3,)
