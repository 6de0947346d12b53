"""What holds for any video, image and set of intervals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.ops.crops import (
    TEN_CROP_LAYOUTS,
    center_crop_box,
    fixed_offsets,
    multi_scale_sizes,
    ten_crop_boxes,
    three_crop_boxes,
)
from tsn_plugin.ops.intervals import SOFT_NMS, batched_soft_nms, interval_iou, iou_matrix, nms, regression_targets
from tsn_plugin.ops.pyramid import num_parts, pyramid_features, pyramid_scores, stage_parts
from tsn_plugin.transforms.sampling import PHASES, PROTOCOLS, SampleFrames

TIMES = st.integers(-20, 20)
INTERVALS = st.tuples(TIMES, st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SIDES = st.integers(8, 400)
STAGES = st.lists(st.integers(1, 3), min_size=1, max_size=2)


@given(INTERVALS, INTERVALS, st.integers(-9, 9), st.integers(1, 9))
def test_iou_is_symmetric_a_share_and_blind_to_shift_and_scale(first, second, shift, scale):
    first, second = np.array(first, float), np.array(second, float)
    iou = interval_iou(first, second)
    assert 0 <= iou <= 1
    assert interval_iou(second, first) == iou
    assert interval_iou(first * scale + shift, second * scale + shift) == pytest.approx(iou)
    assert interval_iou(first, first) == (first[1] > first[0])
    assert (iou == 1) == ((first == second).all() and first[1] > first[0])


@st.composite
def scored_intervals(draw):
    """Intervals ``(N, 2)`` with different scores ``(N,)``."""
    intervals = draw(st.lists(INTERVALS, max_size=12))
    scores = draw(st.permutations(range(len(intervals))))
    return np.array(intervals, float).reshape(-1, 2), (np.array(scores, float) + 1) / (len(intervals) + 1)


@given(scored_intervals(), st.sampled_from([0, 0.2, 0.5, 2 / 3, 1]), st.randoms(use_true_random=False))
def test_suppression(scored, threshold, random):
    intervals, scores = scored
    kept = nms(intervals, scores, threshold)
    assert (np.diff(scores[kept]) < 0).all()
    shared = iou_matrix(intervals[kept], intervals[kept])
    assert (shared[~np.eye(len(kept), dtype=bool)] <= threshold).all()
    for lost in set(range(len(scores))) - {*kept.tolist()}:  # by one that is better
        rivals = kept[scores[kept] > scores[lost]]
        assert (interval_iou(intervals[rivals], intervals[lost]) > threshold).any()
    assert nms(intervals[kept], scores[kept], threshold).tolist() == list(range(len(kept)))
    order = random.sample(range(len(scores)), len(scores))
    assert np.array(order, int)[nms(intervals[order], scores[order], threshold)].tolist() == kept.tolist()
    assert nms(intervals, scores * 2 + 5, threshold).tolist() == kept.tolist()


@given(scored_intervals(), st.sampled_from(SOFT_NMS))
def test_soft_suppression_lowers_scores_and_drops_little(scored, kind):
    intervals, scores = scored
    indices, values = batched_soft_nms(intervals, scores, np.zeros(len(scores), int), kind=kind)
    assert len({*indices.tolist()}) == len(indices)
    assert (values <= scores[indices]).all()
    assert (np.diff(values) <= 0).all()
    assert (values >= 1e-3 * scores[indices]).all()
    if len(scores):
        assert (indices[0], values[0]) == (scores.argmax(), scores.max())
    far = intervals + 1000 * np.arange(len(scores))[:, None]
    indices, values = batched_soft_nms(far, scores, np.zeros(len(scores), int), kind=kind)
    assert sorted(indices.tolist()) == list(range(len(scores)))
    assert values.tolist() == scores[indices].tolist()


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50), st.integers(-9, 9))
def test_regression_targets_are_those_of_places_and_lengths(start, length, other, other_length, shift):
    proposal, instance = np.array([start, start + length]), np.array([other, other + other_length])
    targets = regression_targets(proposal, instance)
    np.testing.assert_allclose(regression_targets(proposal + shift, instance + shift), targets, atol=1e-12)
    np.testing.assert_allclose(regression_targets(instance, proposal)[1], -targets[1], atol=1e-12)
    assert regression_targets(proposal, proposal).tolist() == [0, 0]


def assert_inside(boxes, image):
    boxes = np.asarray(boxes)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:4] > 0).all()
    assert (boxes[:, :2] + boxes[:, 2:4] <= image).all()


@given(SIDES, SIDES, st.data(), st.sampled_from(sorted(TEN_CROP_LAYOUTS)))
def test_test_crops_lie_in_the_image_and_come_in_mirrored_pairs(width, height, data, layout):
    image = (width, height)
    size = (data.draw(st.integers(1, width)), data.draw(st.integers(1, height)))
    ten = ten_crop_boxes(image, size, layout=layout)
    assert ten.shape == (10, 5)
    assert_inside(ten, image)
    assert (ten[:, 2:4] == size).all()
    plain, mirrored = ([tuple(box[:4]) for box in ten.tolist() if box[4] == mirror] for mirror in (0, 1))
    assert plain == mirrored
    (center,) = center_crop_box(image, size).tolist()
    assert abs(2 * center[0] + size[0] - width) <= 1
    assert abs(2 * center[1] + size[1] - height) <= 1
    for filling in ((width, size[1]), (size[0], height)):
        boxes = three_crop_boxes(image, filling)
        assert boxes.shape == (3, 5)
        assert_inside(boxes, image)


@given(SIDES, SIDES, st.integers(1, 260), st.integers(0, 3), st.booleans())
def test_training_crops_lie_in_the_image(width, height, side, max_distort, more):
    scales = (1, 0.875, 0.75, 0.66)
    sizes = multi_scale_sizes((width, height), scales, (side, side), max_distort=max_distort)
    assert len(sizes) == sum(abs(a - b) <= max_distort for a in range(4) for b in range(4))
    for size in sizes:
        offsets = fixed_offsets((width, height), size, more=more)
        assert len(offsets) == (13 if more else 5)
        assert_inside([(*offset, *size) for offset in offsets], (width, height))


@given(
    st.sampled_from(PROTOCOLS),
    st.sampled_from(PHASES),
    st.integers(1, 120),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 1),
    st.sampled_from(["loop", "repeat_last"]),
    st.sampled_from(["RGB", "Flow", "RGBDiff"]),
    st.integers(0, 2**32 - 1),
)
def test_sampled_frames_are_in_the_video_and_depend_on_the_seed_alone(
    protocol, phase, total, num_clips, clip_len, start, out_of_bound, modality, seed
):
    transform = SampleFrames(
        clip_len, num_clips=num_clips, protocol=protocol, phase=phase, out_of_bound_opt=out_of_bound
    )
    drawn = []
    for attempt in range(2):
        np.random.seed(seed if phase == "train" else attempt)  # only training draws
        drawn.append(transform(dict(total_frames=total, start_index=start, modality=modality)))
    frames, read_len = drawn[0]["frame_inds"], clip_len + (modality == "RGBDiff")
    assert frames.tolist() == drawn[1]["frame_inds"].tolist()
    assert frames.shape == (num_clips * read_len,)
    assert (frames >= start).all()
    assert (frames < start + total).all()
    snippets = frames.reshape(num_clips, read_len)
    if total >= num_clips * read_len or protocol != "mmaction2":  # whose frames begin anew behind the end
        assert (np.diff(snippets[:, 0]) >= 0).all()
    if total >= num_clips * read_len:  # whole snippets of neighbouring frames
        assert (np.diff(snippets, axis=1) == 1).all()


@given(st.lists(STAGES, min_size=3, max_size=3), st.integers(1, 3), st.integers(0, 10**6))
def test_pooling_features_and_pooling_scores_are_the_same(pyramid, times, seed):
    """A linear classifier may come before or behind the pooling, if parts are of whole ticks."""
    stages = stage_parts(pyramid)
    lengths = [int(np.lcm.reduce(stage)) * times for stage in stages]
    generator = torch.Generator().manual_seed(seed)
    ticks = torch.randn(sum(lengths), 4, generator=generator, dtype=torch.float64)
    scales = torch.rand(1, 2, generator=generator, dtype=torch.float64)
    weights = torch.randn(num_parts(pyramid), 4, 3, generator=generator, dtype=torch.float64)
    _, features = pyramid_features(ticks[None], scales, lengths, pyramid)
    marks = torch.tensor([[0, *np.cumsum(lengths).tolist()]])
    by_part = torch.einsum("td,mdx->tmx", ticks, weights)
    scores = pyramid_scores(by_part, marks, scales, pyramid)
    torch.testing.assert_close(scores, features @ weights.flatten(0, 1))
