"""Flow from video files against extracted flow: the same scores, and training from the configs."""

import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

import tsn_plugin.engine  # noqa: F401  registers the optimizer wrapper
from tsn_plugin.__main__ import main as tsn
from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.ops.frame_size import resized_frame
from tsn_plugin.ops.optical_flow import frame_pairs, make_flow_method
from tsn_plugin.readers import open_video
from tsn_plugin.registry import DATASETS, MODELS

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
FRAMES = (14, 9, 4)  # of the videos; the last is shorter than a snippet
SPEEDS = ((3, 1), (-2, 2), (1, -3))  # of their background, in pixels per frame
SIZE, CROP = (88, 68), 64


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """Videos of a texture before which a square moves the other way, their lists, and a folder for their flow."""
    root = tmp_path_factory.mktemp("on_the_fly")
    (root / "videos").mkdir()
    for video, num_frames in enumerate(FRAMES):
        rng = np.random.default_rng(video)
        texture = cv2.GaussianBlur(rng.integers(0, 256, (130, 190, 3)).astype(np.float32), (0, 0), 2)
        texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
        with av.open(str(root / "videos" / f"clip_{video}.mp4"), "w") as container:
            stream = container.add_stream("mpeg4", rate=25, options={"qscale": "2"})
            stream.width, stream.height, stream.pix_fmt = 96, 72, "yuv420p"
            for number in range(num_frames):
                x, y = (45 - speed * number for speed in SPEEDS[video])
                image = texture[y : y + 72, x : x + 96].copy()
                image[20:44, 60 - 2 * number : 84 - 2 * number] = texture[-24:, -24:]
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
    names = [f"clip_{video}" for video in range(len(FRAMES))]
    (root / "videos.txt").write_text("".join(f"{name}.mp4 1\n" for name in names))
    (root / "flow.txt").write_text("".join(f"{name} {count - 1} 1\n" for name, count in zip(names, FRAMES)))
    return root


def flow_config(name, data_root, *, method="tvl1"):
    """A shipped config on the small videos: smaller pictures, four test snippets, no weights from the network."""
    config = Config.fromfile(CONFIGS / f"tsn_bninception_ucf101_{name}.py")
    init_default_scope(config.default_scope)
    config.model.backbone.init_cfg = dict(type="Kaiming", layer="Conv2d")
    smaller = {"input_size": CROP, "crop_size": CROP, "size": SIZE}
    for phase in ("train", "val", "test"):
        data = config[f"{phase}_dataloader"].dataset
        ann_file = "videos.txt" if data.type == "tsn_plugin.VideoDataset" else "flow.txt"
        data.update(data_root=str(data_root), ann_file=ann_file)
        for transform in data.pipeline:
            transform.update({key: value for key, value in smaller.items() if key in transform})
            if transform.type.endswith(".Resize"):
                transform.scale = (CROP, CROP) if phase == "train" else SIZE
            if transform.type.endswith(".SampleFrames") and phase == "test":
                transform.num_clips = 4
            if transform.type.endswith(".ComputeFlow"):
                transform.method = method
    return config


def random_model(config):
    torch.manual_seed(0)
    config.model.cls_head.init_std = 0.1
    model = MODELS.build(config.model)
    model.init_weights()
    return model.eval()


@torch.no_grad()
def scores(config):
    """Scores of the videos, ``(videos, K)``, by a network of random weights."""
    model, data = random_model(config), DATASETS.build(config.test_dataloader.dataset)
    return torch.stack([model.test_step(pseudo_collate([sample]))[0].scores for sample in data])


def difference(one, other):
    """How far the scores of a video are apart at most, in units of the least distance of two videos."""
    return (one - other).norm(dim=1).max() / torch.pdist(one).min()


def extract(data_root, encode, method):
    """Flow of the videos, frame by frame; ``encode`` makes a file's content of a plane of levels."""
    method = make_flow_method(method)
    for video in (data_root / "videos").iterdir():
        folder = data_root / "rawframes" / video.stem
        folder.mkdir(parents=True, exist_ok=True)
        with open_video(video) as reader:
            frames = [method.prepare(resized_frame(frame, size=SIZE)) for frame in reader.iter_frames()]
        for number, pair in enumerate(frame_pairs(frames), start=1):
            levels = quantize_flow(method.flows([pair])[0], bound=20)
            for axis, plane in zip("xy", np.moveaxis(levels, -1, 0)):
                (folder / f"flow_{axis}_{number:05d}.jpg").write_bytes(encode(np.ascontiguousarray(plane)))


def encoder(extension, *parameters):
    return lambda plane: cv2.imencode(extension, plane, parameters)[1].tobytes()


@pytest.fixture(scope="module")
def computed(data_root):
    return scores(flow_config("flow_from_video", data_root, method="dis"))


def test_scores_equal_those_of_extracted_flow_without_loss(data_root, computed):
    extract(data_root, encoder(".png"), "dis")  # a decoder looks at the content, not at the name
    assert torch.equal(scores(flow_config("flow", data_root)), computed)


@pytest.mark.parametrize("quality", [95, 100])
def test_scores_equal_those_of_extracted_flow_up_to_the_loss_of_jpeg(data_root, computed, quality):
    extract(data_root, encoder(".jpg", cv2.IMWRITE_JPEG_QUALITY, quality), "dis")
    extracted = scores(flow_config("flow", data_root))
    assert 0 < difference(computed, extracted) < 0.1  # measured 0.04; the network is untrained


def test_scores_equal_those_of_the_tool_that_extracts(data_root, computed, capsys):
    out = data_root / "rawframes"
    shutil.rmtree(out, ignore_errors=True)
    arguments = ["--method", "dis", "--size", f"{SIZE[0]}x{SIZE[1]}", "--workers", "0"]
    tsn(["extract-flow", str(data_root / "videos"), str(out), *arguments])
    assert difference(computed, scores(flow_config("flow", data_root))) < 0.1


def test_scores_equal_those_of_flow_from_the_device(data_root):
    on_device = scores(flow_config("flow_from_video_device", data_root))
    in_worker = scores(flow_config("flow_from_video", data_root))
    assert 0 < difference(in_worker, on_device) < 0.03  # measured 0.011: the order of operations differs


@pytest.mark.parametrize("name", ["flow_from_video", "flow_from_video_device"])
def test_a_step_of_training_in_mixed_precision(data_root, name):
    config = flow_config(name, data_root, method="dis")
    model = random_model(config).train()
    wrapper = dict(config.optim_wrapper, type="tsn_plugin.AutocastOptimWrapper")
    wrapper = build_optim_wrapper(model, wrapper)
    before = model.backbone.conv1_7x7_s2.weight.detach().clone()
    data = DATASETS.build(config.train_dataloader.dataset)
    logged = model.train_step(pseudo_collate([data[index] for index in range(len(data))]), wrapper)
    assert torch.isfinite(logged["loss"])
    assert not torch.equal(model.backbone.conv1_7x7_s2.weight, before)
