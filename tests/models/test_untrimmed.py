"""Sliding windows over untrimmed video, up to a whole test of a long video."""

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from tsn_plugin.models.consensus import SlidingWindowConsensus
from tsn_plugin.ops.consensus import sliding_window_consensus
from tsn_plugin.registry import DATASETS, MODELS


def formula(frames, fps=1, overlap=0.2, seconds=(1, 2, 4, 8, 16)):
    """``sliding_window_aggregation`` of Caffe TSN's ``video_funcs.py`` for frames ``(T, K)``."""
    lengths = []
    for length in seconds:
        span = int(length * fps)
        step = int(np.ceil(span * (1 - overlap)))
        windows = np.array([frames[start : start + span].max(axis=0) for start in range(0, len(frames), step)])
        k = max(15, len(windows) // 4)
        lengths.append(np.sort(windows, axis=0)[-k:].mean(axis=0))
    return np.mean(lengths, axis=0)


@pytest.mark.parametrize("num_frames", [1, 7, 40, 200])
@pytest.mark.parametrize("options", [{}, dict(fps=2), dict(overlap=0, seconds=(3, 5))])
def test_the_same_as_the_original(num_frames, options):
    frames = np.random.default_rng(0).normal(size=(2, num_frames, 4))
    expected = [formula(video, **options) for video in frames]
    result = sliding_window_consensus(torch.from_numpy(frames), **options)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)


def test_by_hand():
    frames = torch.tensor([1.0, 5.0, 2.0, 4.0, 3.0]).view(1, 5, 1)
    # windows of two frames, one after the other: max(1, 5), max(2, 4), 3; all three count, being fewer than 15
    assert sliding_window_consensus(frames, overlap=0, seconds=(2,)).item() == pytest.approx((5 + 4 + 3) / 3)
    # and of four: max(1, 5, 2, 4), 3
    assert sliding_window_consensus(frames, overlap=0, seconds=(2, 4)).item() == pytest.approx((4 + 4) / 2)


def test_of_the_crops_the_highest_score_counts():
    consensus = SlidingWindowConsensus(num_crops=2, seconds=(1,)).eval()
    views = torch.tensor([1.0, 2.0, 3.0, 0.0]).view(1, 4, 1)  # crop 0 of both frames, then crop 1
    assert consensus(views, views).item() == pytest.approx((3 + 2) / 2)


def test_training_takes_the_mean():
    scores = torch.randn(2, 7, 3)
    torch.testing.assert_close(SlidingWindowConsensus().train()(scores, scores), scores.mean(1))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(num_crops=0), "num_crops=0"),
        (dict(overlap=1), "overlap=1 must be in"),
        (dict(fps=0.5), "fps=0.5 at least"),
    ],
)
def test_errors(keywords, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindowConsensus(**keywords)


def test_another_number_of_crops_is_refused():
    with pytest.raises(ValueError, match="25 views are no multiple of num_crops=10"):
        SlidingWindowConsensus().eval()(torch.zeros(1, 25, 2), torch.zeros(1, 25, 2))


def test_videos_of_different_lengths_in_one_batch(tmp_path, make_video):
    """Two videos of 3 and 5 seconds: 3 and 5 frames of ten crops; each as if tested alone."""
    init_default_scope("mmaction")
    for seconds in (3, 5):
        make_video(tmp_path / f"{seconds}.mp4", num_frames=10 * seconds, fps=10, size=(48, 40))
    (tmp_path / "list.txt").write_text("3.mp4 0\n5.mp4 1\n")
    pipeline = [
        dict(type="tsn_plugin.DecordInit"),
        dict(type="tsn_plugin.SampleFramesAtRate", rate=1.0),
        dict(type="tsn_plugin.DecordDecode"),
        dict(type="tsn_plugin.TenCrop", crop_size=32, on_device=True),
        dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
        dict(type="tsn_plugin.PackActionInputs"),
    ]
    data = dict(type="VideoDataset", ann_file="list.txt", data_prefix=dict(video=""), data_root=str(tmp_path))
    videos = DATASETS.build(dict(data, pipeline=pipeline, test_mode=True))
    head = dict(type="tsn_plugin.TSNHead", num_classes=3, in_channels=512, keep_view_scores=True, average_clips="score")
    config = dict(
        type="tsn_plugin.Recognizer2D",
        backbone=dict(type="ResNet", depth=18, norm_eval=False),
        data_preprocessor=dict(type="tsn_plugin.ActionDataPreprocessor", normalization="imagenet"),
        cls_head=dict(head, consensus=dict(type="tsn_plugin.SlidingWindowConsensus", num_crops=10)),
        test_cfg=dict(max_views=8),
    )
    torch.manual_seed(0)
    model = MODELS.build(ConfigDict(config)).eval()
    with torch.no_grad():
        together = model.test_step(pseudo_collate([videos[0], videos[1]]))
        alone = [model.test_step(pseudo_collate([videos[index]]))[0] for index in range(2)]
    for seconds, one, other in zip((3, 5), together, alone):
        assert one.view_scores.shape == (10 * seconds, 3)
        torch.testing.assert_close(one.scores, other.scores, rtol=1e-4, atol=1e-4)
        frames = one.view_scores.view(10, seconds, 3).amax(0).numpy()
        np.testing.assert_allclose(one.scores, formula(frames), rtol=1e-5, atol=1e-6)
