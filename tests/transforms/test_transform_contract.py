"""What holds for every registered transform. The decoders, which need files, have tests of their own."""

import copy
import random
import re

import numpy as np
import pytest

import tsn_plugin.transforms  # noqa: F401
from tsn_plugin.readers import FrameReader
from tsn_plugin.registry import TRANSFORMS


def images(channels=3, num_images=6):
    shape = (num_images, 24, 30, channels)
    return list(np.random.RandomState(0).randint(0, 256, shape, dtype=np.uint8))


def video(**more):
    return {"imgs": images(), "modality": "RGB", "label": 1, "num_clips": 3, "clip_len": 2, **more}


class Pictures(FrameReader):
    """Frames in memory."""

    name, num_frames = "pictures", 6

    def _read_sorted(self, indices):
        return {index: images()[index] for index in indices}


UNDECODED = {"video_reader": Pictures(), "frame_inds": np.array([[3, 4], [1, 1]]), "clip_len": 2, "modality": "Flow"}
UNSAMPLED = {"total_frames": 60, "start_index": 1, "modality": "RGBDiff", "filename": "a.mp4"}
FLOW = video(imgs=images(2), modality="Flow")
CASES = {
    "SampleFrames": [
        ({"clip_len": 5, "num_clips": 3}, UNSAMPLED),
        ({"clip_len": 5, "num_clips": 3, "protocol": "tsn_caffe", "phase": "val"}, UNSAMPLED),
        ({"clip_len": 5, "num_clips": 3, "protocol": "tsn_pytorch"}, UNSAMPLED),
    ],
    "SampleFramesAtRate": [({"rate": 2.0, "clip_len": 5, "fps": 10.0}, UNSAMPLED)],
    "SampleProposalFrames": [
        ({"clip_len": 5}, {**UNSAMPLED, "proposal": np.array([10, 50])}),
        ({"phase": "val", "legacy": True}, {**UNSAMPLED, "proposal": np.array([10, 60])}),
    ],
    "SampleActionnessFrames": [({"clip_len": 5}, {**UNSAMPLED, "proposal": np.array([10, 50])})],
    "SampleTicks": [({"clip_len": 5}, {**UNSAMPLED, "ticks": np.array([0, 6, 54])})],
    "MultiScaleCrop": [
        ({"input_size": (16, 16), "scales": (1, 0.875, 0.75)}, video()),
        ({"input_size": (16, 16), "scales": (1, 0.875, 0.75), "lazy": True}, video()),
        ({"input_size": (16, 16), "scales": (1, 0.875, 0.75), "on_device": True}, video(img_shape=(24, 30))),
    ],
    "ComputeFlow": [({"method": "dis", "size": (32, 32)}, UNDECODED), ({"method": "farneback"}, UNDECODED)],
    "DecodeFlowFrames": [({"size": (16, 12)}, UNDECODED), ({"short_side": 12}, UNDECODED)],
    "KeepEveryNthFrame": [({"step": 2}, {**UNSAMPLED, "video_reader": Pictures(), "avg_fps": 25.0})],
    "ColorJitter": [({"brightness": (0.5, 1.5)}, video())],
    "Resize": [
        ({"scale": (20, 16), "keep_ratio": False}, video(img_shape=(24, 30))),
        ({"scale": (-1, 16)}, video(imgs=images(2), modality="Flow", img_shape=(24, 30))),
    ],
    "Flip": [
        ({"flip_ratio": 1}, video()),
        ({"flip_ratio": 0.5}, FLOW),
        ({"flip_ratio": 0.5, "on_device": True}, video(view_boxes=np.array([[1, 2, 16, 16, 0]]))),
    ],
    "CenterCrop": [({"crop_size": (16, 16)}, video()), ({"crop_size": (16, 16), "on_device": True}, video())],
    "ThreeCrop": [({"crop_size": (24, 24)}, video()), ({"crop_size": (24, 24), "on_device": True}, video())],
    "TenCrop": [({"crop_size": (16, 16)}, FLOW), ({"crop_size": (16, 16), "on_device": True}, FLOW)],
    "FormatShape": [({"input_format": "NCHW"}, video()), ({"input_format": "NCHW"}, FLOW)],
    "PackActionInputs": [({"meta_keys": ("img_shape",)}, video(imgs=np.stack(images()), img_shape=(24, 30)))],
}
ALL_CASES = [(name, *case) for name, cases in CASES.items() for case in cases]


def cases(chosen):
    ids = [f"{name}-{index}" for index, (name, *_) in enumerate(chosen)]
    return pytest.mark.parametrize(("name", "keywords", "results"), chosen, ids=ids)


every_case = cases(ALL_CASES)
every_case_with_pixels = cases([case for case in ALL_CASES if "imgs" in case[2]])


def run(name, keywords, results, seed=0):
    random.seed(seed)
    np.random.seed(seed)
    return TRANSFORMS.build({"type": name, **keywords})(copy.deepcopy(results))


def declared_keys(name, *sections):
    """Keys in sections of a transform's docstring: all of them, and those not marked as optional."""
    keys, always = set(), set()
    for section in sections:
        found = re.search(rf"{section} Keys:\n\n((?:\s+- .*\n)+)", TRANSFORMS.get(name).__doc__)
        for key, optional in re.findall(r"- (\w+)( \(optional\))?", found.group(1)) if found else ():
            keys.add(key)
            if not optional:
                always.add(key)
    return keys, always


def assert_equal(actual, expected, where=""):
    assert type(actual) is type(expected), where
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys(), where
        for key in expected:
            assert_equal(actual[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(actual) == len(expected), where
        for index, value in enumerate(expected):
            assert_equal(actual[index], value, f"{where}[{index}]")
    elif isinstance(expected, FrameReader):
        assert_equal(list(actual.iter_frames()), list(expected.iter_frames()), where)
    elif hasattr(expected, "metainfo"):
        assert_equal(actual.to_dict(), expected.to_dict(), where)
    else:
        np.testing.assert_array_equal(actual, expected, err_msg=where)


def test_every_transform_has_a_case():
    registered = {
        name for name, member in TRANSFORMS.module_dict.items() if not member.__module__.endswith("transforms.decoding")
    }
    assert registered == set(CASES)


@every_case
def test_declared_keys_are_added_and_no_others(name, keywords, results):
    _, always = declared_keys(name, "Added")
    changed, _ = declared_keys(name, "Added", "Modified")
    after = run(name, keywords, results)
    if keywords.get("on_device"):
        always = {"view_boxes"}
    assert always <= after.keys()
    assert after.keys() - results.keys() <= changed
    assert changed


@every_case
def test_what_is_not_declared_stays_as_it_was(name, keywords, results):
    changed, _ = declared_keys(name, "Added", "Modified")
    after = run(name, keywords, results)
    for key in (results.keys() & after.keys()) - changed:
        assert_equal(after[key], results[key], key)


@every_case_with_pixels
def test_the_pixels_of_the_input_are_not_written_to(name, keywords, results):
    given = dict(results, imgs=copy.deepcopy(results["imgs"]))
    arrays = list(given["imgs"])  # Flip puts new arrays into the list that it is given
    TRANSFORMS.build({"type": name, **keywords})(given)
    assert_equal(arrays, list(results["imgs"]))


@every_case
def test_a_misspelt_keyword_is_refused(name, keywords, results):
    with pytest.raises(TypeError, match="unexpected keyword argument 'num_clip'"):
        TRANSFORMS.build({"type": name, **keywords, "num_clip": 3})


@every_case
def test_the_same_seed_gives_the_same_result(name, keywords, results):
    for seed in range(3):
        assert_equal(run(name, keywords, results, seed), run(name, keywords, results, seed))


@every_case
def test_lists_serve_as_tuples(name, keywords, results):
    lists = {key: list(value) if isinstance(value, tuple) else value for key, value in keywords.items()}
    assert_equal(run(name, lists, results), run(name, keywords, results))
