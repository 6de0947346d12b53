import copy

import numpy as np
import pytest
from mmaction.datasets.transforms import Flip as UpstreamFlip

from tsn_plugin.transforms import Flip


def images(*shape):
    return list(np.random.RandomState(0).randint(0, 256, shape, dtype=np.uint8))


def flipped(transform, results, seed=0):
    np.random.seed(seed)
    return transform(copy.deepcopy(results))


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_rgb_equals_mmaction2(direction):
    results = {"imgs": images(3, 8, 10, 3), "modality": "RGB", "label": 4}
    if direction == "horizontal":
        results["gt_bboxes"] = results["proposals"] = np.array([[1.0, 2.0, 5.0, 6.0]])
    keywords = {"direction": direction, "flip_label_map": {4: 6}}
    ours, theirs = Flip(**keywords), UpstreamFlip(**keywords)
    assert repr(ours) == repr(theirs)
    flips = set()
    for seed in range(20):
        result, expected = flipped(ours, results, seed), flipped(theirs, results, seed)
        assert result.keys() == expected.keys()
        for key in expected:
            np.testing.assert_array_equal(result[key], expected[key], err_msg=key)
        flips.add(bool(result["flip"]))
    assert flips == {True, False}


def test_keypoints_equal_mmaction2():
    keypoint = np.array([[[[1, 1], [63, 63]]]])
    results = {"keypoint": keypoint, "modality": "Pose", "img_shape": (64, 64)}
    result = flipped(Flip(1, left_kp=[0], right_kp=[1]), results)
    assert result["keypoint"].tolist() == [[[[1, 63], [63, 1]]]]


@pytest.mark.parametrize("modality", ["Flow", "WarpedFlow"])
def test_x_of_every_flow_field_is_negated_and_y_never(modality):
    fields = images(5, 4, 6, 2)
    result = flipped(Flip(1), {"imgs": fields, "modality": modality})
    for field, mirrored in zip(fields, result["imgs"]):
        assert np.array_equal(mirrored[..., 0], np.minimum(256 - field[:, ::-1, 0].astype(int), 255))
        assert np.array_equal(mirrored[..., 1], field[:, ::-1, 1])


def test_both_flow_layouts_give_the_same():
    fields = images(5, 4, 6, 2)
    planes = [field[..., axis].copy() for field in fields for axis in (0, 1)]
    from_fields = flipped(Flip(1), {"imgs": fields, "modality": "Flow"})["imgs"]
    from_planes = flipped(Flip(1), {"imgs": planes, "modality": "Flow"})["imgs"]
    np.testing.assert_array_equal(np.array(from_fields).transpose(0, 3, 1, 2).reshape(10, 4, 6), from_planes)


@pytest.mark.parametrize(("legacy", "still"), [(False, 128), (True, 127)])
def test_zero_motion_under_a_flip(legacy, still):
    results = {"imgs": [np.full((2, 3, 2), 128, dtype=np.uint8)], "modality": "Flow"}
    mirrored = flipped(Flip(1, legacy=legacy), results)["imgs"][0]
    assert np.unique(mirrored[..., 0]).tolist() == [still]
    assert np.unique(mirrored[..., 1]).tolist() == [128]


def test_legacy_planes_equal_mmaction2s_older_layout():
    results = {"imgs": images(6, 4, 6), "modality": "Flow"}
    np.testing.assert_array_equal(
        flipped(Flip(1, legacy=True), results)["imgs"], flipped(UpstreamFlip(1), results)["imgs"]
    )


def test_rgb_differences_are_mirrored_only():
    frames = images(6, 4, 6, 3)
    result = flipped(Flip(1), {"imgs": frames, "modality": "RGBDiff"})
    np.testing.assert_array_equal(result["imgs"], np.array(frames)[:, :, ::-1])


def test_the_list_stays_the_pixels_do_not():
    frame = images(1, 4, 6, 3)[0]
    before = frame.copy()
    results = {"imgs": [frame, frame], "modality": "RGB"}  # a frame that was sampled twice
    listed = results["imgs"]
    result = Flip(1)(results)
    assert result["imgs"] is listed
    assert np.array_equal(frame, before)
    assert all(np.array_equal(mirrored, before[:, ::-1]) for mirrored in listed)


def test_flipping_twice_gives_the_video_back():
    results = {"imgs": images(2, 4, 6, 3), "modality": "RGB"}
    twice = flipped(Flip(1), flipped(Flip(1), results))
    np.testing.assert_array_equal(twice["imgs"], results["imgs"])


@pytest.mark.parametrize("keywords", [{"direction": "vertical"}, {"lazy": True}])
def test_flow_is_not_flipped_vertically_or_lazily(keywords):
    with pytest.raises(ValueError, match="cannot flip modality='Flow'"):
        Flip(**keywords)({"imgs": images(2, 4, 6, 2), "modality": "Flow"})


def test_lazy_flips_of_rgb_are_left_to_fuse():
    result = flipped(Flip(1, lazy=True), {"imgs": images(2, 4, 6, 3), "modality": "RGB"})
    assert result["lazy"]["flip"]
    assert result["lazy"]["flip_direction"] == "horizontal"


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="vertically"):
        Flip(direction="vertically")


def test_boxes_for_the_device_are_mirrored_where_images_would_be():
    boxes = np.array([[1, 2, 4, 4, 0], [1, 2, 4, 4, 1]])
    for seed in range(10):
        results = {"imgs": images(2, 8, 10, 3), "img_shape": (8, 10), "modality": "Flow", "label": 4}
        maps = dict(flip_label_map={4: 6})
        rgb = flipped(Flip(**maps), {**results, "modality": "RGB"}, seed)
        left = flipped(Flip(**maps, on_device=True), {**results, "view_boxes": boxes}, seed)
        assert left["view_boxes"][:, 4].tolist() == ([1, 0] if rgb["flip"] else [0, 1])
        assert (left["flip"], left["label"]) == (rgb["flip"], rgb["label"])
        np.testing.assert_array_equal(left["imgs"], results["imgs"])
    assert boxes[:, 4].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(lazy=True), "flips horizontally, but lazy=True"),
        (dict(direction="vertical"), "direction='vertical'"),
        (dict(legacy=True), r"ActionDataPreprocessor\(legacy_flip=True\)"),
    ],
)
def test_what_the_device_cannot_flip_is_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        Flip(on_device=True, **keywords)


def test_crop_and_flip_happen_in_one_place():
    results = {"imgs": images(2, 8, 10, 3), "img_shape": (8, 10), "modality": "RGB"}
    with pytest.raises(ValueError, match=r"Flip\(on_device=True\) has to be where the crop before it is"):
        Flip(on_device=True)(results)
    with pytest.raises(ValueError, match=r"Flip\(on_device=False\) has to be where the crop before it is"):
        Flip()({**results, "view_boxes": np.array([[0, 0, 4, 4, 0]])})
