import copy
import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from torch.utils.data import DataLoader

from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.optical_flow import FLOW_METHODS, make_flow_method
from tsn_plugin.preparation.extraction import ExtractionJob, extract_video
from tsn_plugin.preparation.extraction_options import ExtractionOptions
from tsn_plugin.readers import VideoReadError, open_video
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms import (
    CenterCrop,
    ComputeFlow,
    DecodeFlowFrames,
    DecordInit,
    Flip,
    FormatShape,
    KeepEveryNthFrame,
    MultiScaleCrop,
    PackActionInputs,
    SampleFrames,
    TenCrop,
)

FRAMES = 12
SIZE = (48, 40)


@pytest.fixture(scope="module")
def video(tmp_path_factory, make_video):
    return str(make_video(tmp_path_factory.mktemp("videos") / "clip.mp4", num_frames=FRAMES))


def opened(video, **more):
    return DecordInit()({"filename": video, "modality": "Flow", "start_index": 0, "label": 0, **more})


def at_fields(video, fields, clip_len=1):
    return {**opened(video), "frame_inds": np.array(fields), "clip_len": clip_len, "num_clips": len(fields) // clip_len}


class CountingFlow(FlowMethod):
    """A flow that is (number of the first frame, 10) everywhere, of frames whose grey level is 10 times the number."""

    batch_size = 3

    def __init__(self):
        self.prepared, self.batches = [], []

    def prepare(self, frame):
        self.prepared.append(frame.shape)
        return frame

    def flows(self, pairs):
        self.batches.append(len(pairs))
        return [
            np.dstack([first[..., 0], second[..., 0] - first[..., 0]]).astype(np.float32) for first, second in pairs
        ]


class Frames:
    """A reader of frames whose every level is their number, which counts its calls."""

    name, num_frames, fps = "numbers.mp4", 40, 25.0

    def __init__(self):
        self.calls = []

    def read(self, numbers):
        self.calls.append(list(numbers))
        return [np.full((6, 8, 3), number, np.uint8) for number in numbers]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.calls.append("closed")


@pytest.fixture
def counting(monkeypatch):
    method = CountingFlow()
    monkeypatch.setitem(FLOW_METHODS, "counting", lambda **_: method)
    return method


def test_every_frame_is_prepared_once_and_every_field_computed_once_in_batches(counting):
    reader = Frames()
    results = {"video_reader": reader, "frame_inds": np.array([[7, 8], [8, 8], [2, 3], [20, 8]]), "modality": "Flow"}
    results = ComputeFlow("counting", bound=128)(results)
    assert reader.calls == [[2, 3, 4, 7, 8, 9, 20, 21], "closed"]
    assert counting.prepared == [(6, 8, 3)] * 8
    assert counting.batches == [3, 2]  # fields 2, 3, 7; 8, 20
    assert results["frame_inds"].tolist() == [7, 8, 8, 8, 2, 3, 20, 8]
    # 255 (v + 128) / 256, rounded: 7 -> 134.47, 8 -> 135.47, 2 -> 129.49, 3 -> 130.49, 20 -> 147.42, 1 -> 128.496
    assert [image[0, 0].tolist() for image in results["imgs"]] == [
        [134, 128],
        [135, 128],
        [135, 128],
        [135, 128],
        [129, 128],
        [130, 128],
        [147, 128],
        [135, 128],
    ]
    assert len({id(image) for image in results["imgs"]}) == 8  # a repeated field can be changed on its own
    assert results["original_shape"] == results["img_shape"] == (6, 8)
    assert results["video_reader"] is None


def test_the_start_index_of_the_data_set_does_not_move_the_fields(counting):
    images = [
        ComputeFlow("counting")(
            {"video_reader": Frames(), "frame_inds": np.array([4, 9]) + start, "start_index": start, "modality": "Flow"}
        )["imgs"]
        for start in (0, 1)
    ]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize("method", ["dis", "farneback"])
@pytest.mark.parametrize("keywords", [{}, {"size": SIZE}, {"short_side": 30}])
def test_levels_equal_flow_made_frame_by_frame(video, method, keywords):
    fields = [3, 4, 5, 9, 10, 10]
    results = ComputeFlow(method, 15, **keywords)(at_fields(video, fields))
    target = {"size": SIZE, "short_side": (40, 30)}.get(next(iter(keywords), ""), (64, 48))
    with open_video(video) as reader:
        frames = [cv2.resize(frame, target, interpolation=cv2.INTER_LINEAR) for frame in reader.iter_frames()]
    oracle = make_flow_method(method)
    for field, image in zip(fields, results["imgs"]):
        pair = tuple(oracle.prepare(frames[number]) for number in (field, field + 1))
        np.testing.assert_array_equal(image, quantize_flow(oracle.flows([pair])[0], 15))
    assert image.shape == (target[1], target[0], 2)
    assert results["img_shape"] == target[::-1]


def test_a_video_has_one_field_less_than_frames_and_rgb_keeps_all(video):
    assert opened(video)["total_frames"] == FRAMES - 1
    assert opened(video, modality="WarpedFlow")["total_frames"] == FRAMES - 1
    assert opened(video, modality="RGB")["total_frames"] == opened(video, modality="RGBDiff")["total_frames"] == FRAMES


@pytest.mark.parametrize("protocol", ["tsn_caffe", "tsn_pytorch", "mmaction2"])
@pytest.mark.parametrize("phase", ["train", "val", "test"])
def test_the_same_fields_are_sampled_as_from_extracted_flow(video, protocol, phase):
    sample = SampleFrames(clip_len=5, num_clips=3, protocol=protocol, phase=phase)
    extracted = {"total_frames": FRAMES - 1, "start_index": 1, "modality": "Flow"}
    for seed in range(5):
        fields = []
        for results in (opened(video), extracted):
            np.random.seed(seed)
            fields.append(sample(copy.copy(results))["frame_inds"])
        np.testing.assert_array_equal(fields[0] + 1, fields[1])


@pytest.mark.parametrize("step", [1, 2, 5])
def test_flow_of_every_nth_frame_is_what_is_extracted_with_that_step(video, step, tmp_path):
    """The frames of ``--step``; one that is left has no partner, and is told as such."""
    results = KeepEveryNthFrame(step)(opened(video))
    job = ExtractionJob(Path(video), tmp_path / "v", ExtractionOptions("dis", step=step, quality=100))
    assert results["total_frames"] == extract_video(job) == (FRAMES - 1) // step
    results.update(frame_inds=np.arange(results["total_frames"]), clip_len=1)
    for number, field in enumerate(ComputeFlow("dis")(results)["imgs"], start=1):
        for axis, plane in zip("xy", np.moveaxis(field, -1, 0)):
            stored = cv2.imread(str(tmp_path / "v" / f"flow_{axis}_{number:05d}.jpg"), cv2.IMREAD_GRAYSCALE)
            assert np.abs(stored.astype(int) - plane).max() <= 2  # the loss of JPEG
    with pytest.raises(VideoReadError, match=r"clip\.mp4 has 1 frame: modality='Flow' needs at least 2"):
        KeepEveryNthFrame(FRAMES)(opened(video))


def test_a_step_below_one_is_refused():
    with pytest.raises(ValueError, match="step=0 must be at least 1"):
        KeepEveryNthFrame(0)


def test_a_video_of_one_frame_is_named(tmp_path, make_video):
    path = make_video(tmp_path / "still.mp4", num_frames=1)
    with pytest.raises(VideoReadError, match=r"still\.mp4 has 1 frame: modality='Flow' needs at least 2"):
        opened(str(path))
    assert opened(str(path), modality="RGB")["total_frames"] == 1


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"method": "tvl2"}, "method='tvl2' is unknown; known: tvl1, warped_tvl1, dis"),
        ({"bound": 0}, "bound=0 must be positive"),
        ({"size": (0, 4)}, "size=.* must be two positive numbers"),
        ({"short_side": -1}, "short_side=-1 must be positive"),
        ({"size": (4, 4), "short_side": 4}, "exclude each other"),
    ],
)
def test_wrong_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        ComputeFlow(**keywords)


@pytest.mark.parametrize("transform", [ComputeFlow("dis"), DecodeFlowFrames()])
def test_a_data_set_of_rgb_is_refused(video, transform):
    with pytest.raises(ValueError, match="makes flow, but the data set has modality='RGB': set modality='Flow'"):
        transform({**at_fields(video, [0]), "modality": "RGB"})


def test_each_process_makes_its_own_method(video, monkeypatch):
    transform = ComputeFlow("dis")
    expected = transform(at_fields(video, [3]))["imgs"]  # what OpenCV holds cannot be pickled
    copied = pickle.loads(pickle.dumps(transform))
    np.testing.assert_array_equal(copied(at_fields(video, [3]))["imgs"], expected)
    first = transform._flow_method()
    assert transform._flow_method() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)  # a forked worker
    assert transform._flow_method() is not first


def test_representations():
    assert repr(ComputeFlow(size=SIZE)) == "ComputeFlow(method='tvl1', bound=20, size=(48, 40))"
    assert repr(KeepEveryNthFrame(2)) == "KeepEveryNthFrame(step=2)"
    assert repr(DecodeFlowFrames(short_side=256)) == "DecodeFlowFrames(size=None, short_side=256)"


def test_spawned_workers_give_what_this_process_gives(video):
    steps = Compose([DecordInit(), SampleFrames(clip_len=2, num_clips=2, test_mode=True), ComputeFlow("dis")])
    clip = {"filename": video, "modality": "Flow", "start_index": 0}
    expected = steps(dict(clip))["imgs"]  # the method is there when the workers start
    loader = DataLoader([clip], batch_size=None, collate_fn=steps, num_workers=1, multiprocessing_context="spawn")
    (results,) = loader
    np.testing.assert_array_equal(results["imgs"], expected)
    assert np.shape(expected) == (4, 48, 64, 2)


def test_frames_for_the_device_are_distinct_and_their_pairs_name_the_fields():
    results = {"video_reader": Frames(), "frame_inds": np.array([4, 5, 6, 11, 12, 12]) + 1, "start_index": 1}
    results = DecodeFlowFrames(size=(4, 4))({**results, "clip_len": 3, "modality": "Flow"})
    assert [image[0, 0, 0] for image in results["imgs"]] == [4, 5, 6, 7, 11, 12, 13]
    assert results["flow_pairs"].tolist() == [[[0, 1], [1, 2], [2, 3]], [[4, 5], [5, 6], [5, 6]]]
    assert results["img_shape"] == (4, 4)


def test_frames_for_the_device_are_packed_with_boxes_and_pairs(video):
    results = at_fields(video, [0, 1, 5, 6], clip_len=2)
    steps = [DecodeFlowFrames(), MultiScaleCrop(32, on_device=True), Flip(1.0, on_device=True)]
    for step in [*steps, FormatShape("NCHW"), PackActionInputs()]:
        results = step(results)
    assert results["inputs"].shape == (6, 3, 48, 64)  # frames 0, 1, 2, 5, 6, 7
    meta = results["data_samples"].metainfo
    assert meta["flow_pairs"].tolist() == [[[0, 1], [1, 2]], [[3, 4], [4, 5]]]
    assert meta["view_size"] == (32, 32)
    assert meta["view_boxes"][0, 2:].tolist() == [48, 48, 1]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(input_format="NCTHW"), "cannot format the frames of DecodeFlowFrames: use input_format='NCHW'"),
        (dict(input_format="NCHW", collapse=True), "collapse=False"),
    ],
)
def test_other_formats_of_frames_for_the_device_are_refused(video, keywords, message):
    with pytest.raises(ValueError, match=message):
        FormatShape(**keywords)(DecodeFlowFrames()(at_fields(video, [0])))


@pytest.mark.parametrize("crop", [CenterCrop(32), MultiScaleCrop(32)])
def test_frames_for_the_device_must_not_be_cropped(video, crop):
    with pytest.raises(ValueError, match="cropped before their flow is computed: set on_device=True"):
        FormatShape("NCHW")(crop(DecodeFlowFrames()(at_fields(video, [0]))))


def test_mirrored_crops_of_frames_for_the_device_are_refused(video):
    with pytest.raises(ValueError, match="flow images have shape"):
        TenCrop(32)(DecodeFlowFrames()(at_fields(video, [0])))


def test_they_are_registered_by_name():
    assert isinstance(TRANSFORMS.build(dict(type="ComputeFlow", method="dis", size=[340, 256])), ComputeFlow)
    assert isinstance(TRANSFORMS.build(dict(type="DecodeFlowFrames", size=[340, 256])), DecodeFlowFrames)
