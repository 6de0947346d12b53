from __future__ import annotations

import mmaction.models.heads as mmaction_heads
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.structures import LabelData
from torch import nn
from torch.nn import functional as F

from tsn_plugin.models.data_samples import ground_truth, set_prediction
from tsn_plugin.models.heads import TSNHead
from tsn_plugin.registry import MODELS


def labelled(*labels):
    samples = []
    for label in labels:
        sample = ActionDataSample()
        getattr(sample, "set_gt_label", getattr(sample, "set_gt_labels", None))(label)
        samples.append(sample)
    return samples


def head(**arguments):
    torch.manual_seed(0)
    return TSNHead(**{**dict(num_classes=4, in_channels=6, init_std=1.0), **arguments})


FEATURES = torch.rand(2 * 3, 6, 2, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("scope", ["tsn_plugin", "mmaction"])
def test_arguments_defaults_and_keys_are_mmaction2s(scope):
    ours = MODELS.build(dict(type="tsn_plugin.TSNHead", num_classes=4, in_channels=6, _scope_=scope))
    theirs = mmaction_heads.TSNHead(num_classes=4, in_channels=6)
    assert isinstance(ours, TSNHead)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    for name in ("dropout_ratio", "init_std", "spatial_type", "topk", "average_clips", "label_smooth_eps"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.consensus.dim == 1
    assert ours.avg_pool.output_size == (1, 1)


@pytest.mark.parametrize("average_clips", ["prob", "score"])
def test_average_consensus_predicts_what_mmaction2_predicts(average_clips):
    theirs = mmaction_heads.TSNHead(4, 6, average_clips=average_clips).eval()
    ours = head(average_clips=average_clips).eval()
    ours.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(ours(FEATURES, 3), theirs(FEATURES, 3))
    ours_samples, theirs_samples = labelled(0, 1), labelled(0, 1)
    ours.predict(FEATURES, ours_samples, num_segs=3)
    theirs.predict(FEATURES, theirs_samples, num_segs=3)
    for our_sample, their_sample in zip(ours_samples, theirs_samples):
        expected = their_sample.pred_score if hasattr(their_sample, "pred_score") else their_sample.pred_scores.item
        torch.testing.assert_close(our_sample.pred_score, expected)
        assert our_sample.pred_label.tolist() == [int(expected.argmax())]


def test_loss_equals_mmaction2s_without_dropout():
    theirs, ours = mmaction_heads.TSNHead(4, 6, dropout_ratio=0, topk=(1, 2)), head(dropout_ratio=0, topk=[1, 2])
    ours.load_state_dict(theirs.state_dict())
    expected = theirs.loss(FEATURES, labelled(2, 3), num_segs=3)
    actual = ours.loss(FEATURES, labelled(2, 3), num_segs=3)
    assert set(actual) == set(expected) == {"loss_cls", "top1_acc", "top2_acc"}
    for name, value in expected.items():
        torch.testing.assert_close(actual[name].double(), value.double())


def test_every_view_has_its_own_dropout_mask():
    model = head(dropout_ratio=0.5)
    nn.init.ones_(model.fc_cls.weight)
    nn.init.zeros_(model.fc_cls.bias)
    scores, _ = model.classify_views(torch.ones(8, 6, 1, 1), num_segs=8)
    # a view's score is twice the number of its features that are left
    assert len(scores[0, :, 0].unique()) > 1


def test_max_consensus_by_hand():
    model = head(num_classes=2, in_channels=2, consensus=dict(type="MaxConsensus")).eval()
    model.fc_cls.weight.data = torch.eye(2)
    model.fc_cls.bias.data.zero_()
    features = torch.tensor([[1.0, 5.0], [2.0, 3.0], [0.0, 4.0]]).reshape(3, 2, 1, 1)
    assert model(features, 3).tolist() == [[2.0, 5.0]]


def test_fully_convolutional_layout_gives_the_same_scores():
    model = head().eval()
    volume = FEATURES.reshape(2, 3, 6, 2, 2).transpose(1, 2)
    torch.testing.assert_close(model(volume, 3, fcn_test=True), model(FEATURES, 3))


def test_pooled_features_need_no_pool():
    model = head(spatial_type=None).eval()
    assert model(FEATURES.mean((2, 3)), 3).shape == (2, 4)


def test_prediction_stores_scores_before_softmax_and_view_scores_if_wanted():
    model = head(average_clips="prob", keep_view_scores=True).eval()
    samples = model.predict(FEATURES, labelled(0, 1), num_segs=3)
    for sample in samples:
        assert sample.view_scores.shape == (3, 4)
        torch.testing.assert_close(sample.view_scores.mean(0), sample.scores)
        torch.testing.assert_close(sample.scores.softmax(0), sample.pred_score)
    assert "view_scores" not in head().eval().predict(FEATURES, labelled(0, 1), num_segs=3)[0]


def test_average_clips_none_gives_scores():
    sample = head().eval().predict(FEATURES, labelled(0, 1), num_segs=3)[0]
    assert torch.equal(sample.pred_score, sample.scores)
    assert sample.pred_score.shape == (4,)


def test_identity_consensus_trains_on_every_view_and_averages_in_a_test():
    model = head(consensus=dict(type="IdentityConsensus"), average_clips="prob", dropout_ratio=0)
    view_scores, _ = model.classify_views(FEATURES, 3)
    losses = model.loss(FEATURES, labelled(2, 3), num_segs=3)
    expected = F.cross_entropy(view_scores.flatten(0, 1), torch.tensor([2, 2, 2, 3, 3, 3]))
    torch.testing.assert_close(losses["loss_cls"], expected)
    sample = model.predict(FEATURES, labelled(2, 3), num_segs=3)[0]
    torch.testing.assert_close(sample.pred_score, view_scores[0].softmax(-1).mean(0))


def test_averaging_probabilities():
    model = head(before_softmax=False, average_clips="prob", dropout_ratio=0)
    view_scores, _ = model.classify_views(FEATURES, 3)
    mean = view_scores.softmax(-1).mean(1)
    torch.testing.assert_close(
        model.loss(FEATURES, labelled(2, 3), num_segs=3)["loss_cls"], -(mean[0, 2].log() + mean[1, 3].log()) / 2
    )
    torch.testing.assert_close(model.predict(FEATURES, labelled(2, 3), num_segs=3)[1].pred_score, mean[1])


def test_attention_reads_the_pooled_features():
    model = head(consensus=dict(type="AttentionConsensus"), dropout_ratio=0)
    model.consensus.attention.weight.data.fill_(50.0)
    strongest = FEATURES.mean((2, 3)).sum(1).reshape(2, 3).argmax(1)
    view_scores, _ = model.classify_views(FEATURES, 3)
    torch.testing.assert_close(model(FEATURES, 3), view_scores[range(2), strongest], rtol=0.05, atol=0.05)


def test_several_labels_per_video():
    model = head(loss_cls=dict(type="BCELossWithLogits", loss_weight=2.0), multi_class=True, dropout_ratio=0)
    labels = torch.tensor([[1, 0, 0, 1], [0, 0, 1, 0]])
    losses = model.loss(FEATURES, labelled(*labels), num_segs=3)
    assert set(losses) == {"loss_cls"}
    expected = 2 * F.binary_cross_entropy_with_logits(model(FEATURES, 3), labels.float())
    torch.testing.assert_close(losses["loss_cls"], expected)


def test_label_smoothing_equals_torchs():
    model = head(label_smooth_eps=0.1, dropout_ratio=0)
    expected = F.cross_entropy(model(FEATURES, 3), torch.tensor([2, 3]), label_smoothing=0.1)
    losses = model.loss(FEATURES, labelled(2, 3), num_segs=3)
    torch.testing.assert_close(losses["loss_cls"], expected)
    assert "top1_acc" in losses


def test_top_k_by_hand_is_clipped_to_the_classes():
    model = head(topk=(1, 2, 9))
    scores = torch.tensor([[0.1, 0.9, 0.5, 0.0], [0.1, 0.9, 0.5, 0.0]])
    losses = model.loss_by_feat(scores, labelled(1, 2))
    assert [float(losses[f"top{k}_acc"]) for k in (1, 2, 9)] == [0.5, 1.0, 1.0]


def test_bf16_features_are_trained_in_float32():
    model = head(dropout_ratio=0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.loss(FEATURES.bfloat16(), labelled(2, 3), num_segs=3)
    assert losses["loss_cls"].dtype == torch.float32
    losses["loss_cls"].backward()
    assert model.fc_cls.weight.grad.dtype == torch.float32


def test_weights_start_from_a_normal_distribution():
    model = head(num_classes=400, in_channels=500, init_std=0.001)
    model.init_weights()
    assert float(model.fc_cls.weight.detach().std()) == pytest.approx(0.001, rel=0.02)
    assert not model.fc_cls.bias.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(consensus=dict(type="MedianConsensus")), "'MedianConsensus' is unknown; known: AttentionConsensus"),
        (dict(spatial_type="max"), "spatial_type='max'"),
        (dict(topk=(0, 5)), "topk"),
        (dict(average_clips="mean"), "average_clips='mean'"),
        (dict(before_softmax=False, consensus=dict(type="MaxConsensus")), "before_softmax=False needs .*AvgConsensus"),
    ],
)
def test_wrong_arguments_fail_at_build(arguments, message):
    with pytest.raises(ValueError, match=message):
        head(**arguments)


def test_views_that_do_not_fill_videos_are_refused():
    with pytest.raises(ValueError, match="6 feature maps cannot be divided into videos of num_segs=4"):
        head()(FEATURES, 4)


def test_several_feature_maps_are_refused():
    with pytest.raises(TypeError, match="one feature map, got 2"):
        head()((FEATURES, FEATURES), 3)


class OldDataSample(ActionDataSample):
    """The fields and setters of MMAction2 1.1."""

    def set_pred_score(self, value):
        self.set_field(LabelData(item=value), "pred_scores")

    def set_pred_label(self, value):
        self.set_field(LabelData(item=value), "pred_labels")


def test_data_samples_of_mmaction2_1_1_get_both_names():
    sample = OldDataSample()
    sample.set_field(LabelData(item=torch.tensor([2])), "gt_labels")
    assert ground_truth(sample).tolist() == [2]
    set_prediction(sample, score=torch.tensor([0.1, 0.9]), label=torch.tensor([1]))
    assert sample.pred_scores.item.tolist() == sample.pred_score.tolist()
    assert sample.pred_labels.item.tolist() == sample.pred_label.tolist() == [1]
    assert sample.gt_label.tolist() == [2]
