from __future__ import annotations

import pytest
import torch
from mmaction.models.heads.base import AvgConsensus as MMActionAvgConsensus
from torch import nn

from tsn_plugin.models.consensus import (
    AttentionConsensus,
    AvgConsensus,
    Consensus,
    LinearConsensus,
    MaxConsensus,
    build_consensus,
)
from tsn_plugin.registry import MODELS

SCORES = torch.tensor([[[1.0, 6.0], [2.0, 0.0], [6.0, 3.0]]])
FEATURES = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])


@pytest.mark.parametrize(
    ("cfg", "expected"),
    [
        (dict(type="AvgConsensus"), [[3.0, 3.0]]),
        (dict(type="AvgConsensus", dim=1), [[3.0, 3.0]]),
        (dict(type="tsn_plugin.MaxConsensus"), [[6.0, 6.0]]),
        (dict(type=MaxConsensus), [[6.0, 6.0]]),
        (dict(type=MMActionAvgConsensus, dim=1), [[3.0, 3.0]]),
        (dict(type="TopKConsensus", k=2), [[4.0, 4.5]]),
        (dict(type="LinearConsensus", num_segments=3), [[3.0, 3.0]]),
        (dict(type="AttentionConsensus"), [[3.0, 3.0]]),
        (dict(type="IdentityConsensus"), [[1.0, 6.0], [2.0, 0.0], [6.0, 3.0]]),
    ],
)
def test_each_consensus_can_be_named_and_starts_as_documented(cfg, expected):
    consensus = build_consensus(cfg, in_channels=2)
    torch.testing.assert_close(consensus(SCORES, FEATURES), torch.tensor(expected))


def test_an_unknown_name_fails_at_build_and_lists_the_known_ones():
    with pytest.raises(ValueError, match="'AverageConsensus' is unknown; known: AttentionConsensus, AvgConsensus"):
        build_consensus(dict(type="AverageConsensus"), in_channels=2)


@pytest.mark.parametrize("cfg", [dict(), dict(type="BNInception"), dict(type=nn.Linear)])
def test_what_is_no_consensus_is_unknown(cfg):
    with pytest.raises(ValueError, match="is unknown; known:"):
        build_consensus(cfg, in_channels=2)


def test_a_misspelt_argument_is_refused():
    with pytest.raises(TypeError, match="topk"):
        build_consensus(dict(type="TopKConsensus", topk=2), in_channels=2)


def test_a_registered_subclass_is_found():
    @MODELS.register_module()
    class FirstViewConsensus(Consensus):
        def forward(self, scores, features):
            return scores[:, 0]

    try:
        assert build_consensus(dict(type="FirstViewConsensus"), in_channels=2)(SCORES, FEATURES).tolist() == [
            [1.0, 6.0]
        ]
    finally:
        MODELS.module_dict.pop("FirstViewConsensus")


def test_linear_weights_are_learned_and_are_those_of_the_segments():
    consensus = LinearConsensus(num_segments=3)
    consensus(SCORES, FEATURES)[0, 0].backward()
    assert consensus.weight.grad.tolist() == [1.0, 2.0, 6.0]
    consensus.weight.data = torch.tensor([1.0, 0.0, 0.0])
    assert consensus(SCORES, FEATURES).tolist() == [[1.0, 6.0]]


def test_linear_weights_fall_back_to_the_average_for_other_numbers_of_views():
    consensus = LinearConsensus(num_segments=3)
    consensus.weight.data = torch.tensor([1.0, 0.0, 0.0])
    assert consensus(SCORES[:, :2], FEATURES[:, :2]).tolist() == [[1.5, 3.0]]


def test_attention_by_hand():
    consensus = AttentionConsensus(in_channels=2)
    consensus.attention.weight.data = torch.tensor([[float(torch.log(torch.tensor(2.0))), 0.0]])
    # logits ln 2, 0, 0: weights 1/2, 1/4, 1/4
    torch.testing.assert_close(consensus(SCORES, FEATURES), torch.tensor([[0.5 + 0.5 + 1.5, 3.0 + 0.75]]))


def test_attention_learns_although_it_starts_at_zero():
    consensus = AttentionConsensus(in_channels=2)
    consensus(SCORES, FEATURES)[0, 0].backward()
    # d G / d w = sum_k (F_k / 3) (f_k - mean f): (1 * 2/3 - 2/3 - 6/3, -1/3 + 4/3 - 6/3) / 3
    torch.testing.assert_close(consensus.attention.weight.grad, torch.tensor([[-2 / 3, -1 / 3]]))


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [(AvgConsensus, dict(dim=2), "dim=2"), ("TopKConsensus", dict(k=0), "k=0; it must be at least 1")],
)
def test_arguments_are_checked(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        build_consensus(dict(type=kind, **arguments), in_channels=2)
