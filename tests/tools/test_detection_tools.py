"""The tools of temporal action detection, one after the other, with weights that know nothing."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import TestLoop

from tsn_plugin.apis.detections import evaluate_detections
from tsn_plugin.apis.tick_scorer import TickScorer
from tsn_plugin.evaluation.detection_metrics import DumpTickScores
from tsn_plugin.evaluation.proposal_score_files import ScoreParts, load_proposal_scores, load_tick_scores
from tsn_plugin.models.localizers import SSN
from tsn_plugin.proposals.proposal_files import read_proposals
from tsn_plugin.registry import MODELS

TOOLS = Path(__file__).parents[2] / "tools"
NAMES = ("first", "second #2")


def tool(name, *arguments):
    runpy.run_path(str(TOOLS / f"{name}.py"))["main"]([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_frame_folder, make_video):
    """Two annotated videos of 60 frames at 10 per second, as frames and as files, and weights."""
    root = tmp_path_factory.mktemp("detection")
    database = {}
    for number, name in enumerate(NAMES):
        make_frame_folder(root / "rawframes" / name, num_frames=60)
        annotations = [dict(segment=[1.0, 3.0], label="jump"), dict(segment=[3.5, 5.0 + number], label="run")]
        database[name] = dict(subset="training", duration=6.0, annotations=annotations)
    database["gone"] = dict(subset="training", duration=6.0, annotations=[dict(segment=[0, 1], label="walk")])
    database["empty"] = dict(subset="training", duration=6.0, annotations=[])
    (root / "database.json").write_text(json.dumps(dict(database=database)))
    make_video(root / "own video.mp4", num_frames=60, fps=10)
    for name in ("ssn", "tag"):
        config = Config.fromfile(TOOLS.parent / "configs" / f"{name}_bninception_toy_rgb.py")
        init_default_scope("mmaction")
        config.model.backbone.pop("init_cfg")
        torch.manual_seed(0)
        model = MODELS.build(config.model)
        model.init_weights()
        torch.save(dict(state_dict=model.state_dict(), meta={}), root / f"{name}.pth")
    return root


@pytest.fixture(autouse=True)
def in_folder(data, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def write_windows(data, capsys):
    tool("make_proposals", "windows", data / "database.json", data / "rawframes", "windows.txt", "--subset", "training")
    return capsys.readouterr().out


def test_from_annotations_to_detections(data, capsys):
    told = write_windows(data, capsys)
    assert "1 videos are missing" in told
    assert "gone" in told
    assert "windows.txt: 2 videos, " in told
    options = ["--data-root", data, "--cfg-options", "test_dataloader.num_workers=0"]
    options += ["test_dataloader.persistent_workers=False"]
    test_list = f"test_dataloader.dataset.ann_file={Path('windows.txt').absolute()}"

    tool("test", "tag_bninception_toy_rgb", data / "tag.pth", "--out", "ticks.npz", *options, test_list)
    media = (data / "database.json", data / "rawframes")
    tool("make_proposals", "tag", *media, "tag.txt", "--subset", "training", "--scores", "ticks.npz", "ticks.npz")
    tagged = read_proposals("tag.txt")
    assert [video.name for video in tagged] == list(NAMES)
    assert all(len(video.proposals) for video in tagged)

    tool("test", "ssn_bninception_toy_rgb", data / "ssn.pth", "--out", "ssn.npz", "--eval", "mAP", *options, test_list)
    told = measured(capsys.readouterr().out)
    values = evaluate_detections("windows.txt", ["ssn.npz"]).values
    assert told == {f"mAP@0.{number}0": f"{value:.4f}" for number, value in enumerate(values, start=1)}
    assert [video.name for video in load_proposal_scores("ssn.npz")] == sorted(NAMES)
    assert not ScoreParts("ssn.npz").folder.exists()

    tool(
        *(
            "eval_detections",
            "windows.txt",
            "ssn.npz",
            "ssn.npz",
            "--weights",
            2,
            1,
            "--database",
            data / "database.json",
        ),
        *("--out", "found.json", "--plot", "precision.png", "--nms", "gaussian", "--top-k", 50),
    )
    assert "2 videos, " in capsys.readouterr().out
    found = json.loads(Path("found.json").read_text())["results"]["first"]
    assert {item["label"] for item in found} <= {"jump", "run", "walk"}
    assert all(0 <= start <= end <= 6 for start, end in (item["segment"] for item in found))
    assert Path("precision.png").stat().st_size > 10_000

    tool("eval_proposals", "windows.txt", "tag.txt", "--plot", "recall.png")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("windows.txt: 2 videos, ")
    assert lines[1].startswith("  AR@100 (0.5 to 0.95): ")
    assert Path("recall.png").stat().st_size > 10_000


def test_two_tasks_score_each_video_once(data, capsys, slurm):
    write_windows(data, capsys)

    def command(out):
        return [
            *(
                "ssn_bninception_toy_rgb",
                str(data / "ssn.pth"),
                "--out",
                out,
                "--eval",
                "mAP",
                "--data-root",
                str(data),
            ),
            *("--cfg-options", "test_dataloader.num_workers=0", "test_dataloader.persistent_workers=False"),
            f"test_dataloader.dataset.ann_file={Path('windows.txt').absolute()}",
            "test_dataloader.dataset.tick_interval=20",
        ]

    capsys.readouterr()
    tool("test", *command("one.npz"))
    alone = measured(capsys.readouterr().out)
    told = in_two_tasks("test", *command("two.npz"))
    one, two = load_proposal_scores("one.npz"), load_proposal_scores("two.npz")
    assert [video.name for video in two] == [video.name for video in one] == sorted(NAMES)
    for first, second in zip(one, two):
        np.testing.assert_allclose(second.completeness, first.completeness, rtol=1e-4, atol=1e-5)
    assert len(alone) == 9
    assert measured(told) == alone


def test_an_interrupted_test_does_not_mix_weights_or_lists(data, capsys, monkeypatch):
    write_windows(data, capsys)
    run_iter = TestLoop.run_iter

    def test(checkpoint, stop=None):
        def run_some(self, number, batch):
            run_iter(self, number, batch)
            if number == stop:
                raise KeyboardInterrupt

        monkeypatch.setattr(TestLoop, "run_iter", run_some)
        tool(
            *("test", "tag_bninception_toy_rgb", checkpoint, "--out", "ticks.npz", "--data-root", data),
            *("--cfg-options", "test_dataloader.num_workers=0", "test_dataloader.persistent_workers=False"),
            f"test_dataloader.dataset.ann_file={Path('windows.txt').absolute()}",
            "test_dataloader.dataset.tick_interval=60",
        )

    def stopped(checkpoint):
        with pytest.raises(KeyboardInterrupt):
            test(checkpoint, stop=0)
        assert ScoreParts("ticks.npz").names() == [NAMES[0]]
        capsys.readouterr()

    stopped(data / "tag.pth")
    test(data / "tag.pth")
    assert "1 videos have their scores already" in capsys.readouterr().out
    wanted = load_tick_scores("ticks.npz")
    assert sorted(wanted) == sorted(NAMES)

    weights = torch.load(data / "tag.pth", weights_only=True)
    weights["state_dict"]["cls_head.fc_cls.bias"] += 1
    torch.save(weights, "other.pth")
    stopped("other.pth")
    test(data / "tag.pth")
    assert "of other weights or settings and is removed" in capsys.readouterr().out
    for name, ticks in load_tick_scores("ticks.npz").items():
        np.testing.assert_allclose(ticks, wanted[name], atol=1e-6)

    stopped(data / "tag.pth")
    Path("windows.txt").write_text(Path("windows.txt").read_text() + "# the end\n")
    stopped(data / "tag.pth")  # starts again: the list is another one
    Path("ticks.npz.parts", "test.json").unlink()
    stopped(data / "tag.pth")  # again: nobody knows whose results these are


def test_a_test_that_ended_before_its_file_was_written_only_writes_it(data, capsys, monkeypatch):
    write_windows(data, capsys)
    options = ["--data-root", data, "--cfg-options", "test_dataloader.num_workers=0"]
    options += ["test_dataloader.persistent_workers=False", "test_dataloader.dataset.tick_interval=60"]
    options += [f"test_dataloader.dataset.ann_file={Path('windows.txt').absolute()}"]
    command = ("test", "tag_bninception_toy_rgb", data / "tag.pth", "--out", "ticks.npz", *options)
    with monkeypatch.context() as broken:
        broken.setattr(DumpTickScores, "compute_metrics", lambda self, results: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tool(*command)
    tool(*command)
    assert "2 videos have their scores already" in capsys.readouterr().out
    assert sorted(load_tick_scores("ticks.npz")) == sorted(NAMES)


def in_two_tasks(name, *arguments):
    """What a tool prints, as a job of Slurm."""
    command = [str(TOOLS / f"slurm_{name}.sh"), "partition", "job", *arguments]
    environment = dict(os.environ, OMP_NUM_THREADS="1", GPUS="2", PYTHON=sys.executable)
    result = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def measured(text):
    """What a run printed of each threshold."""
    return dict(re.findall(r"(mAP@0\.\d+): ([\d.]+)", text))


def test_two_tasks_train_and_validate(data, capsys, slurm):
    write_windows(data, capsys)
    settings = ["train_cfg.max_epochs=1", "train_cfg.val_interval=1", "train_dataloader.batch_size=1"]
    for loader in ("train_dataloader", "val_dataloader"):
        settings += [f"{loader}.num_workers=0", f"{loader}.persistent_workers=False"]
        settings += [f"{loader}.dataset.ann_file={Path('windows.txt').absolute()}"]
    settings += ["val_dataloader.dataset.tick_interval=20", "default_hooks.logger.interval=1"]
    told = in_two_tasks(
        *("train", "ssn_bninception_toy_rgb", "--work-dir", "run", "--data-root", str(data), "--seed", "0"),
        *("--cfg-options", *settings),
    )
    assert re.search(r"Epoch\(train\) +\[1\]\[1/1\]", told)  # two videos, one of them each
    assert len(measured(told)) == 9
    trained = torch.load("run/best_det_mAP_epoch_1.pth", weights_only=True)["state_dict"]
    assert trained["cls_head.regression_std"].tolist() != [1, 1]


def test_ones_own_video(data, capsys):
    arguments = [data / "own video.mp4", "ssn_bninception_toy_rgb", data / "ssn.pth"]
    Path("classes.txt").write_text("jump\nrun\nwalk\nswim\n")
    tool(
        *("detect", *arguments, "--actionness", "tag_bninception_toy_rgb", data / "tag.pth", "--top", 3),
        *("--classes", "classes.txt", "--out", "found.json", "--plot", "timeline.png"),
    )
    lines = capsys.readouterr().out.splitlines()
    lines = [line for line in lines if " s to " in line]
    assert 1 <= len(lines) <= 3
    assert lines[0].split()[-1] in ("jump", "run", "walk", "swim")
    assert list(json.loads(Path("found.json").read_text())["results"]) == ["own video"]
    assert Path("timeline.png").stat().st_size > 10_000
    tool("detect", data / "rawframes" / "first", *arguments[1:], "--fps", 10)
    assert " s to " in capsys.readouterr().out
    with pytest.raises(ValueError, match="give --fps"):
        tool("detect", data / "rawframes" / "first", *arguments[1:])


def test_detections_are_made_as_the_config_tests(data):
    base = f'_base_ = ["{TOOLS.parent / "configs" / "ssn_bninception_toy_rgb.py"}"]\n'
    metric = 'dict(type="tsn_plugin.DetectionMAP", protocol="activitynet1.2", options=dict(regression_first=True))'
    for text in (f"test_evaluator = dict(_delete_=True, **{metric})", f"test_evaluator = [{metric}]"):
        Path("own.py").write_text(base + text)
        options = TickScorer("own.py", str(data / "ssn.pth"), kind=SSN).options
        assert (options.nms_threshold, options.top_k, options.regression_first) == (0.6, 60, True)


def test_proposals_of_ones_own_videos(data, capsys, monkeypatch):
    Path("videos").mkdir()
    for name in ("one.mp4", "two.mp4"):
        Path("videos", name).symlink_to(data / "own video.mp4")
    Path("videos", "broken.mp4").write_bytes(b"no video")
    command = ("make_proposals", "videos", "videos", "own.txt")
    classifier = ("--actionness", "tag_bninception_toy_rgb", data / "tag.pth")

    def scored(self, video, *rest, real=TickScorer.actionness):
        seen.append(video.name)
        if seen == ["broken.mp4", "one.mp4", "two.mp4"]:
            raise KeyboardInterrupt
        return real(self, video, *rest)

    seen = []
    monkeypatch.setattr(TickScorer, "actionness", scored)
    with pytest.raises(KeyboardInterrupt):
        tool(*command, *classifier)
    tool(*command, *classifier)
    assert seen[3:] == ["broken.mp4", "two.mp4"]  # the first was done
    told = capsys.readouterr().out
    assert "1 videos cannot be read and are left out: broken.mp4 (" in told
    assert "own.txt: 2 videos, " in told
    first, second = read_proposals("own.txt")
    assert (first.name, first.length, len(first.instances)) == ("one.mp4", 60, 0)
    assert first.proposals.tolist() == second.proposals.tolist()
    assert 0 <= first.proposals.min() <= first.proposals.max() <= 60
    assert not Path("own.txt.parts").exists()

    tool(*command)
    assert len(read_proposals("own.txt")[0].proposals) == 6 + 5 + 2 + 2  # windows of 1, 2, 4 and 8 s, none twice
    with pytest.raises(ValueError, match=r"the config of SSN, not of ActionnessClassifier"):
        tool(*command, "--actionness", "ssn_bninception_toy_rgb", data / "ssn.pth")
    with pytest.raises(ValueError, match="need the frame rate of extracted frames: give --fps"):
        tool("make_proposals", "videos", data / "rawframes", "own.txt")


FLOW_CONFIG = """
_base_ = ["{configs}/ssn_bninception_toy_rgb.py"]
model = dict(backbone=dict(in_channels=10), data_preprocessor=dict(modality="Flow"))
test_dataloader = dict(dataset=dict(
    modality="Flow", filename_tmpl="flow_{{}}_{{:05d}}.jpg", clip_len=5, tick_interval=15,
    pipeline=[
        dict(type="tsn_plugin.SampleTicks", clip_len=5),
        dict(type="tsn_plugin.RawFrameDecode"),
        dict(type="tsn_plugin.Resize", scale=(64, 64), keep_ratio=False),
        dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
        dict(type="tsn_plugin.PackActionInputs"),
    ],
))
"""


def test_flow_of_a_video_file_is_computed(data, capsys):
    Path("flow.py").write_text(FLOW_CONFIG.format(configs=TOOLS.parent / "configs"))
    config = Config.fromfile("flow.py")
    init_default_scope("mmaction")
    config.model.backbone.pop("init_cfg")
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(config.model).state_dict(), meta={}), "flow.pth")
    Path("videos").mkdir()
    Path("videos", "own video.mp4").symlink_to(data / "own video.mp4")
    tool("extract_flow", "videos", "frames", "--method", "dis", "--size", "340x256", "--workers", 0)
    capsys.readouterr()
    found = []
    for video, options in (
        (data / "own video.mp4", ["--flow-method", "dis", "--plot", "timeline.png"]),
        ("frames/own video", ["--fps", 10]),
    ):
        tool("detect", video, "flow.py", "flow.pth", "--top", 3, *options)
        lines = [line for line in capsys.readouterr().out.splitlines() if " s to " in line]
        found.append([float(line.split()[-3]) for line in lines])
    assert found[0] == pytest.approx(found[1], rel=0.1)
    assert Path("timeline.png").stat().st_size > 10_000


def test_published_lists_become_frames(data, capsys):
    record = "# {0}\n{1}\n1\n1\n1\n2 0.1000 0.5000\n1\n2 0.9000 1.0000 0.1000 0.4990\n"
    names = (*NAMES, "gone")
    Path("normalized.txt").write_text("".join(record.format(number, name) for number, name in enumerate(names)))
    tool("denormalize_proposals", "normalized.txt", data / "rawframes", "frames.txt", "--hold-out", 1)
    assert "1 videos are missing" in capsys.readouterr().out
    (kept,), (held,) = read_proposals("frames.txt"), read_proposals("frames_heldout.txt")
    assert {kept.name, held.name} == set(NAMES)
    assert (kept.length, kept.instances.tolist(), kept.proposals.tolist()) == (60, [[6, 30]], [[6, 29]])
    with pytest.raises(FileNotFoundError, match="1 of 3 videos are missing"):
        tool("denormalize_proposals", "normalized.txt", data / "rawframes", "frames.txt", "--strict")
    with pytest.raises(ValueError, match="has 60 frames: its record is not normalised"):
        tool("denormalize_proposals", "frames.txt", data / "rawframes", "again.txt")


def test_scores_and_lists_must_fit(data, capsys):
    write_windows(data, capsys)
    np.savez("other.npz", names=np.array(["other"]), counts=np.array([0]), proposals=np.zeros((0, 2)),
             activity=np.zeros((0, 3)), completeness=np.zeros((0, 2)))  # fmt: skip
    with pytest.raises(ValueError, match="windows.txt lacks 1 of 1 tested videos, the first is other"):
        tool("eval_detections", "windows.txt", "other.npz")
    with pytest.raises(ValueError, match="no video is in the subsets nothing; known: training"):
        tool("make_proposals", "windows", data / "database.json", data / "rawframes", "new.txt", "--subset", "nothing")
    with pytest.raises(ValueError, match="--out needs --database"):
        tool("eval_detections", "windows.txt", "other.npz", "--out", "found.json")
