"""The benchmarks compare the same work; on small inputs."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from tsn_plugin.apis.benchmark.inference import BF16, FP32, VideoTester, peak_megabytes
from tsn_plugin.apis.benchmark.networks import NETWORKS, build_model, initial_weights
from tsn_plugin.apis.benchmark.pipelines import (
    BARE,
    PLUGIN,
    BenchmarkInput,
    build_pipeline,
    compare_pipelines,
    profile_pipelines,
    run_pipeline,
)
from tsn_plugin.apis.benchmark.timing import STOCK
from tsn_plugin.apis.benchmark.training import TrainingStep, compare_training

TOOL = Path(__file__).parents[3] / "tools" / "benchmark.py"


@pytest.fixture(autouse=True)
def scope():
    init_default_scope("mmaction")


@pytest.fixture
def video(make_video, tmp_path):
    make_video(tmp_path / "clip.mp4", num_frames=40, codec="libx264")
    return BenchmarkInput.of(tmp_path / "clip.mp4")


@pytest.mark.parametrize("phase", ["train", "test"])
def test_both_pipelines_take_the_same_pixels(video, phase):
    packed = {}
    for way in (STOCK, PLUGIN):
        packed[way] = run_pipeline(build_pipeline(video, phase, way=way, snippets=3), video.results(), 5)
    ours, theirs = packed[PLUGIN]["inputs"], packed[STOCK]["inputs"]
    if phase == "test":  # ours are cut on the model's device
        boxes = packed[PLUGIN]["data_samples"].view_boxes
        crops = [
            ours[..., y : y + h, x : x + w].flip(-1) if m else ours[..., y : y + h, x : x + w]
            for x, y, w, h, m in boxes
        ]
        ours = torch.cat(crops)
    assert ours.shape == theirs.shape
    assert (ours.int() - theirs.int()).abs().max() <= 1  # two versions of FFmpeg convert the colours


def test_every_way_is_timed(video):
    timing = compare_pipelines(video, "train", rounds=1)
    assert set(timing.seconds) == {STOCK, PLUGIN, BARE}
    assert all(seconds > 0 for seconds in timing.seconds.values())


def test_folders_of_flow_are_timed_too(make_frame_folder, tmp_path):
    folder = BenchmarkInput.of(make_frame_folder(tmp_path / "clip", num_frames=40), "Flow")
    steps = profile_pipelines(folder, "train", rounds=1)
    assert [step.name.split()[-1] for step in steps][:2] == ["SampleFrames", "RawFrameDecode"]
    assert all(set(step.seconds) == {STOCK, PLUGIN} for step in steps)


def test_missing_inputs_are_named(tmp_path, video):
    with pytest.raises(FileNotFoundError, match="no.mp4 does not exist; give video files"):
        BenchmarkInput.of(tmp_path / "no.mp4")
    with pytest.raises(ValueError, match="is a video file, which holds no Flow"):
        BenchmarkInput.of(video.path, "Flow")


def test_all_ways_of_testing_agree(video):
    scores = {way: VideoTester("resnet18", video, way=way, snippets=1).scores(0) for way in (STOCK, FP32, BF16)}
    spread = scores[STOCK].std()
    assert (scores[FP32] - scores[STOCK]).abs().max() < 1e-2 * spread
    assert (scores[BF16] - scores[STOCK]).abs().max() < 0.2 * spread
    assert scores[STOCK].argmax() == scores[FP32].argmax()


def test_memory_is_measured_in_a_process_of_its_own(video, monkeypatch):
    # a new process gets the path, but not what conftest.py declared for the packages there
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if not folder.endswith("backbones")])
    assert 1 < peak_megabytes("resnet18", video, way=FP32, snippets=1) < 500


def test_random_weights_tell_videos_apart():
    network = NETWORKS["resnet18"]
    model = build_model(network, way=STOCK)
    model.load_state_dict(initial_weights(network))
    with torch.no_grad():
        first, second = model.eval().backbone(torch.randn(2, 3, 64, 64))
    assert not torch.allclose(first, second, atol=1e-2)


def test_training_steps_learn_and_count_their_work():
    small = dict(videos=1, snippets=2, side=64)
    step = TrainingStep("resnet18", way=FP32, **small)
    losses = [step(number) for number in range(5)]
    assert losses[-1] < losses[0]
    timing = compare_training("resnet18", rounds=1, **small)
    # ResNet-18 at 224 px takes 3.64 GFLOP forward (1.82 G multiply-adds), backward twice that but for the input's part
    assert step.flops() / 1e9 == pytest.approx(2 * 3 * 3.64 * (64 / 224) ** 2, rel=0.05)
    assert set(timing.seconds) == {STOCK, FP32, BF16}


def test_the_tool_prints_and_writes_its_table(video, tmp_path, monkeypatch, capsys):
    out = tmp_path / "times.json"
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "pipeline", str(video.path), "--rounds", "1", "--json", str(out)])
    runpy.run_path(str(TOOL), run_name="__main__")
    assert "clip.mp4" in capsys.readouterr().out
    assert np.isfinite(json.loads(out.read_text())[0]["seconds"]["tsn_plugin"])


def test_the_tool_asks_for_inputs(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "inference"])
    with pytest.raises(ValueError, match="inference needs inputs"):
        runpy.run_path(str(TOOL), run_name="__main__")
