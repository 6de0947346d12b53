from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from tsn_plugin.ops.consensus import (
    average_consensus,
    average_probability_consensus,
    max_consensus,
    top_k_consensus,
    weighted_consensus,
)

# one video, three views, two classes
SCORES = torch.tensor([[[1.0, 6.0], [2.0, 0.0], [6.0, 3.0]]])


def test_average_by_hand():
    assert average_consensus(SCORES).tolist() == [[3.0, 3.0]]


def test_max_by_hand():
    assert max_consensus(SCORES).tolist() == [[6.0, 6.0]]


@pytest.mark.parametrize(("k", "expected"), [(1, [6.0, 6.0]), (2, [4.0, 4.5]), (3, [3.0, 3.0])])
def test_top_k_by_hand(k, expected):
    assert top_k_consensus(SCORES, k).tolist() == [expected]


def test_weights_by_hand():
    assert weighted_consensus(SCORES, torch.tensor([1.0, 0.5, -1.0])).tolist() == [[-4.0, 3.0]]
    two_videos = SCORES.repeat(2, 1, 1)
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert weighted_consensus(two_videos, weights).tolist() == [[1.0, 6.0], [6.0, 3.0]]


def test_average_of_probabilities_by_hand():
    # probabilities 1/2, 1/2 and 9/10, 1/10: the mean is 0.7, 0.3
    scores = torch.tensor([[[0.0, 0.0], [0.9, 0.1]]])
    scores[0, 1] = scores[0, 1].log()
    torch.testing.assert_close(average_probability_consensus(scores).exp(), torch.tensor([[0.7, 0.3]]))


def test_cross_entropy_of_averaged_probabilities_is_the_likelihood_of_their_mean():
    scores, labels = torch.randn(4, 3, 5), torch.tensor([0, 4, 2, 2])
    mean = scores.softmax(dim=-1).mean(dim=1)
    expected = -mean[range(4), labels].log().mean()
    torch.testing.assert_close(F.cross_entropy(average_probability_consensus(scores), labels), expected)


def test_average_passes_the_gradient_on_in_equal_parts():
    """d loss / d F_i(T_k) = (softmax(G)_i - y_i) / K, derived from Eq. 3 of the paper."""
    scores = torch.randn(2, 3, 4, requires_grad=True)
    labels = torch.tensor([1, 3])
    consensus = average_consensus(scores)
    F.cross_entropy(consensus, labels, reduction="sum").backward()
    expected = (consensus.softmax(dim=-1) - F.one_hot(labels, 4)) / 3
    torch.testing.assert_close(scores.grad, expected.detach().unsqueeze(1).expand(2, 3, 4))


def test_max_passes_the_gradient_on_to_the_winner_only():
    scores = SCORES.clone().requires_grad_()
    consensus = max_consensus(scores)
    F.cross_entropy(consensus, torch.tensor([0])).backward()
    # softmax(6, 6) - (1, 0) = (-1/2, 1/2); class 0 was won by view 2, class 1 by view 0
    assert scores.grad.tolist() == [[[0.0, 0.5], [0.0, 0.0], [-0.5, 0.0]]]


@pytest.mark.parametrize("k", [0, 4])
def test_top_k_refuses_more_views_than_there_are(k):
    with pytest.raises(ValueError, match=f"k={k} must lie between 1 and the number of views, here 3"):
        top_k_consensus(SCORES, k)


@given(st.permutations(range(5)), st.integers(1, 5))
def test_the_order_of_the_views_does_not_matter(order, k):
    scores = torch.linspace(-1, 1, 2 * 5 * 3).sin().reshape(2, 5, 3)
    for consensus in (average_consensus, max_consensus, lambda views: top_k_consensus(views, k)):
        torch.testing.assert_close(consensus(scores[:, order]), consensus(scores))


def test_top_k_lies_between_average_and_maximum():
    scores = torch.randn(4, 6, 3)
    for k in range(1, 7):
        result = top_k_consensus(scores, k)
        assert (result <= max_consensus(scores) + 1e-6).all()
        assert (result >= average_consensus(scores) - 1e-6).all()
