"""The command lines of the 0.x model zoo page, on extracted frames in the places that its configs name."""

import json

import cv2
import numpy as np
import pytest

from tsn_plugin.__main__ import main as tsn

CONFIG = "configs/recognition/tsn/tsn_r50_1x1x3_100e_kinetics400_rgb.py"
#: what is left out for the time it takes: epochs, depth, views, worker processes, and weights from the network
SMALLER = [
    "--cfg-options",
    "train_cfg.max_epochs=1",
    "train_cfg.val_interval=1",
    "model.backbone.init_cfg=None",
    "test_dataloader.dataset.pipeline.0.num_clips=1",
    *(f"{phase}_dataloader.num_workers=0" for phase in ("train", "val", "test")),
    *(f"{phase}_dataloader.persistent_workers=False" for phase in ("train", "val", "test")),
]


@pytest.fixture
def kinetics(tmp_path, monkeypatch):
    """``data/kinetics400`` below the working directory: two videos to train on, one to test."""
    root = tmp_path / "data" / "kinetics400"
    for part, names in (("train", ("a", "b")), ("val", ("c",))):
        for name in names:
            folder = root / f"rawframes_{part}" / name
            folder.mkdir(parents=True)
            for number in range(1, 10):
                image = np.random.default_rng(number).integers(0, 256, (64, 85, 3), dtype=np.uint8)
                cv2.imwrite(str(folder / f"img_{number:05d}.jpg"), image)
        lines = "".join(f"{name} 9 {label}\n" for label, name in enumerate(names))
        (root / f"kinetics400_{part}_list_rawframes.txt").write_text(lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_training_and_testing_as_the_page_prints_them(kinetics, half_resnet, capsys):
    smaller = [*SMALLER, *half_resnet]
    work_dir = "work_dirs/tsn_r50_1x1x3_100e_kinetics400_rgb"
    tsn(["train", CONFIG, "--work-dir", work_dir, "--validate", "--seed", "0", "--deterministic", *smaller])
    checkpoint = f"{work_dir}/epoch_1.pth"
    metrics = ["--eval", "top_k_accuracy", "mean_class_accuracy", "--out", "result.json"]
    tsn(["test", CONFIG, checkpoint, *metrics, *smaller])
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in printed[-3:]] == ["top1_acc", "top5_acc", "mean_class_accuracy"]
    assert np.shape(json.loads((kinetics / "result.json").read_text())) == (1, 400)  # one list per video, as 0.x wrote
