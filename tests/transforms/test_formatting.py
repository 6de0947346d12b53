import copy

import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import FormatShape as UpstreamFormatShape

from tsn_plugin.transforms import FormatShape, PackActionInputs
from tsn_plugin.transforms.formatting import stacked_snippets, video_name_of


def images(*shape):
    return list(np.random.RandomState(0).randint(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize(
    ("input_format", "results"),
    [
        ("NCHW", {"imgs": images(6, 4, 5, 3), "num_clips": 2, "clip_len": 3, "modality": "RGB"}),
        ("NCHW", {"imgs": images(6, 4, 5, 3), "num_clips": 2, "clip_len": 3}),
        ("NCTHW", {"imgs": images(6, 4, 5, 3), "num_clips": 2, "clip_len": 3, "modality": "RGB"}),
        ("NPTCHW", {"imgs": images(6, 4, 5, 3), "num_clips": 3, "clip_len": 1, "num_proposals": 2}),
    ],
)
def test_other_modalities_and_formats_are_mmaction2s(input_format, results):
    ours, theirs = FormatShape(input_format), UpstreamFormatShape(input_format)
    assert repr(ours) == repr(theirs)
    result, expected = ours(copy.deepcopy(results)), theirs(copy.deepcopy(results))
    np.testing.assert_array_equal(result["imgs"], expected["imgs"])
    assert result["input_shape"] == expected["input_shape"]


@pytest.mark.parametrize("modality", ["Flow", "WarpedFlow"])
@pytest.mark.parametrize("input_format", ["NCHW", "NCHW_Flow"])
def test_flow_is_stacked_as_x1_y1_x2_y2_in_both_layouts(input_format, modality):
    planes = [np.full((2, 3), level, dtype=np.uint8) for level in range(8)]  # 2 snippets of 2 fields
    fields = [np.stack(planes[i : i + 2], axis=-1) for i in range(0, 8, 2)]
    for imgs in (planes, fields):
        results = {"imgs": imgs, "num_clips": 2, "clip_len": 2, "modality": modality}
        result = FormatShape(input_format)(results)
        assert result["imgs"].shape == result["input_shape"] == (2, 4, 2, 3)
        assert result["imgs"].dtype == np.uint8
        assert result["imgs"][:, :, 0, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_flow_fields_equal_mmaction2_1_2():
    results = {"imgs": images(6, 4, 5, 2), "num_clips": 2, "clip_len": 3, "modality": "Flow"}
    if not hasattr(__import__("mmaction.structures", fromlist=["x"]).ActionDataSample, "set_gt_label"):
        pytest.skip("MMAction2 1.1 stacks planes only")
    expected = UpstreamFormatShape("NCHW")(copy.deepcopy(results))["imgs"]
    np.testing.assert_array_equal(FormatShape("NCHW")(results)["imgs"], expected)


def test_rgb_difference_snippets_are_stacked_as_r1_g1_b1_r2():
    frames = [
        np.full((2, 2, 3), (10 * number, 10 * number + 1, 10 * number + 2), dtype=np.uint8) for number in range(4)
    ]
    result = FormatShape("NCHW")({"imgs": frames, "num_clips": 2, "clip_len": 2, "modality": "RGBDiff"})
    assert result["imgs"][:, :, 0, 0].tolist() == [[0, 1, 2, 10, 11, 12], [20, 21, 22, 30, 31, 32]]


def test_views_are_crop_major():
    fields = [np.full((2, 2, 2), crop * 10 + snippet, dtype=np.uint8) for crop in range(3) for snippet in range(2)]
    result = FormatShape("NCHW")({"imgs": fields, "num_clips": 2, "clip_len": 1, "modality": "Flow"})
    assert result["imgs"][:, 0, 0, 0].tolist() == [0, 1, 10, 11, 20, 21]


def test_collapse_drops_the_only_snippet():
    results = {"imgs": images(3, 4, 5, 2), "num_clips": 1, "clip_len": 3, "modality": "Flow"}
    assert FormatShape("NCHW", collapse=True)(results)["input_shape"] == (6, 4, 5)
    results = {"imgs": images(3, 4, 5, 2), "num_clips": 3, "clip_len": 1, "modality": "Flow"}
    with pytest.raises(ValueError, match="there are 3 snippets"):
        FormatShape("NCHW", collapse=True)(results)


def test_broken_snippets_and_unknown_formats_are_refused():
    with pytest.raises(ValueError, match=r"5 images do not fill snippets of 3 \(clip_len=3\)"):
        stacked_snippets(images(5, 2, 2, 3), 3, is_flow=False)
    with pytest.raises(ValueError, match=r"6 images do not fill snippets of 4 \(clip_len=2\)"):
        stacked_snippets(images(6, 2, 2), 2, is_flow=True)
    with pytest.raises(ValueError, match="NHWC"):
        FormatShape("NHWC")


@pytest.mark.parametrize(
    ("results", "name"),
    [
        ({"video_name": "Archery/v_1", "filename": "x/y.avi"}, "Archery/v_1"),
        ({"filename": "data/Archery/v_Archery.g01.avi"}, "data/Archery/v_Archery.g01"),
        ({"frame_dir": "data/frames/v_1.5x"}, "data/frames/v_1.5x"),
        ({}, None),
    ],
)
def test_video_names(results, name):
    assert video_name_of(results) == name


def test_pack_keeps_name_and_view_boxes():
    boxes = np.array([[0, 0, 2, 2, 1]])
    packed = PackActionInputs()(
        {"imgs": np.zeros((2, 3, 4, 4), np.uint8), "label": 3, "filename": "a/b.mp4", "view_boxes": boxes}
    )
    assert packed["inputs"].dtype == torch.uint8
    metainfo = packed["data_samples"].metainfo
    assert metainfo["video_name"] == "a/b"
    np.testing.assert_array_equal(metainfo["view_boxes"], boxes)


def test_pack_without_a_name_is_mmaction2s():
    packed = PackActionInputs(meta_keys=["img_shape"])({"keypoint": np.zeros((1, 2)), "img_shape": (4, 4)})
    assert packed["data_samples"].metainfo == {"img_shape": (4, 4)}


def test_algorithm_keys_become_fields_under_every_release():
    results = {"imgs": np.zeros((1, 3, 4, 4), np.uint8), "weight": 0.5}
    packed = PackActionInputs(algorithm_keys=["weight", "absent"])(results)
    assert packed["data_samples"].weight == 0.5
    assert "absent" not in packed["data_samples"]
