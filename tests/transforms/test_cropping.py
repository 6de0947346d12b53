import copy
import json
import random
from pathlib import Path

import numpy as np
import pytest
from mmaction.datasets.transforms import Fuse, Resize
from mmaction.datasets.transforms import MultiScaleCrop as UpstreamMultiScaleCrop

from tsn_plugin.transforms import MultiScaleCrop

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/case04_multiscale_crops.json").read_text())
SCALES = (1, 0.875, 0.75, 0.66)


def video(width=340, height=256, num_images=3, channels=3):
    shape = (num_images, height, width, channels)
    return {"imgs": list(np.random.RandomState(0).randint(0, 256, shape, dtype=np.uint8)), "modality": "RGB"}


def transformed(transform, results, seed):
    random.seed(seed)
    np.random.seed(seed)
    return transform(copy.deepcopy(results))


def assert_equal_results(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_equal_results(ours[key], value)
        else:
            np.testing.assert_array_equal(ours[key], value, err_msg=key)


@pytest.mark.parametrize(
    "keywords",
    [
        {"input_size": 224, "scales": SCALES},
        {"input_size": (224, 112), "scales": SCALES, "num_fixed_crops": 13, "max_wh_scale_gap": 2},
        {"input_size": 224, "scales": (1, 0.8), "random_crop": True, "max_wh_scale_gap": 0},
        {"input_size": 224, "scales": SCALES, "lazy": True},
    ],
)
def test_same_draws_and_keys_as_mmaction2(keywords):
    ours, theirs = MultiScaleCrop(**keywords), UpstreamMultiScaleCrop(**keywords)
    assert repr(ours) == repr(theirs)
    results = video()
    if not keywords.get("lazy"):
        results["gt_bboxes"] = results["proposals"] = np.array([[10.0, 20.0, 300.0, 200.0]])
        results["keypoint"] = np.array([[[[160.0, 120.0], [20.0, 30.0]]]])
    for seed in range(30):
        assert_equal_results(transformed(ours, results, seed), transformed(theirs, results, seed))


def test_lazy_crops_of_a_resized_video_equal_mmaction2():
    results = video(320, 240)
    for seed in range(10):
        pair = []
        for crop in (MultiScaleCrop, UpstreamMultiScaleCrop):
            steps = [Resize((-1, 256), lazy=True), crop(224, SCALES, lazy=True), Resize((224, 224), False, lazy=True)]
            lazily = copy.deepcopy(results)
            random.seed(seed)
            for step in [*steps, Fuse()]:
                lazily = step(lazily)
            pair.append(lazily)
        assert_equal_results(*pair)


@pytest.mark.parametrize("case", ["340x256_rgb_224", "320x240_rgb_224", "240x180_rgb_112", "256x340_rgb_224"])
def test_the_originals_names_give_the_originals_crops(case, monkeypatch):
    image, _, side = case.split("_")
    width, height = (int(number) for number in image.split("x"))
    transform = MultiScaleCrop(int(side), list(SCALES), fix_crop=True, more_fix_crop=True, max_distort=1)
    expected = {
        (x, y, x + crop_width, y + crop_height)
        for crop_width, crop_height in GOLDEN[case]["pairs"]
        for x, y in GOLDEN[case]["offsets13"][f"{crop_width}x{crop_height}"]
    }
    drawn = set()
    for size_index in range(len(GOLDEN[case]["pairs"])):
        for place in range(13):
            picks = iter([size_index, place])
            monkeypatch.setattr(random, "choice", lambda options, picks=picks: options[next(picks)])
            result = transform({"img_shape": (height, width)})
            drawn.add(tuple(result["crop_bbox"].tolist()))
    assert drawn == expected


def test_all_images_of_a_video_share_one_crop():
    image = np.arange(340 * 256, dtype=np.float32).reshape(256, 340, 1)
    result = transformed(MultiScaleCrop(224, SCALES), {"imgs": [image] * 5}, seed=3)
    assert all(np.array_equal(crop, result["imgs"][0]) for crop in result["imgs"])


@pytest.mark.parametrize("seed", range(5))
def test_a_crop_snapped_to_the_input_stays_inside_a_slightly_smaller_image(seed):
    result = transformed(MultiScaleCrop(224), video(300, 222), seed)
    assert result["imgs"][0].shape == (222, 224, 3)
    assert result["img_shape"] == (222, 224)


def test_a_flow_field_is_cropped_and_resized_like_an_image():
    result = transformed(MultiScaleCrop(224, SCALES), video(channels=2), seed=0)
    result = Resize((224, 224), keep_ratio=False)(result)
    assert [image.shape for image in result["imgs"]] == [(224, 224, 2)] * 3


@pytest.mark.parametrize(
    ("keywords", "attribute", "value"),
    [
        ({"fix_crop": False}, "random_crop", True),
        ({"fix_crop": True}, "random_crop", False),
        ({"more_fix_crop": True}, "num_fixed_crops", 13),
        ({"more_fix_crop": False}, "num_fixed_crops", 5),
        ({"more_fix_crop": True, "num_fixed_crops": 13}, "num_fixed_crops", 13),
        ({"max_distort": 0}, "max_wh_scale_gap", 0),
        ({"scales": [1, 0.8]}, "scales", (1, 0.8)),
        ({"input_size": [224, 112]}, "input_size", (224, 112)),
    ],
)
def test_the_originals_names_and_lists_are_understood(keywords, attribute, value):
    assert getattr(MultiScaleCrop(**{"input_size": 224, **keywords}), attribute) == value


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"fix_crop": True, "random_crop": True}, "fix_crop says random_crop=False, but random_crop=True"),
        ({"more_fix_crop": False, "num_fixed_crops": 13}, "more_fix_crop says num_fixed_crops=5"),
        ({"max_distort": 0, "max_wh_scale_gap": 2}, "max_distort says max_wh_scale_gap=0"),
        ({"num_fixed_crops": 6}, "13"),
    ],
)
def test_contradicting_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        MultiScaleCrop(224, **keywords)


@pytest.mark.parametrize("arguments", [(0.5,), ("224",), (224, "1")])
def test_sizes_that_are_no_numbers_are_refused(arguments):
    with pytest.raises(TypeError):
        MultiScaleCrop(*arguments)


@pytest.mark.parametrize("key", ["keypoint", "gt_bboxes"])
def test_lazy_mode_refuses_what_it_cannot_crop(key):
    with pytest.raises(ValueError, match=rf"MultiScaleCrop\(lazy=True\) cannot crop '{key}'"):
        MultiScaleCrop(224, lazy=True)({**video(), key: np.zeros((1, 4))})


def test_a_lazy_crop_after_a_lazy_flip_is_refused():
    results = video()
    MultiScaleCrop(224, lazy=True)(results)
    results["lazy"]["flip"] = True
    with pytest.raises(ValueError, match="Flip must come after every crop"):
        MultiScaleCrop(112, lazy=True)(results)


def test_the_device_gets_the_box_that_would_be_cropped():
    keywords = dict(input_size=(16, 12), scales=(1, 0.75), more_fix_crop=True)
    for seed in range(20):
        results = [{"imgs": [np.zeros((24, 30, 3), np.uint8)], "img_shape": (24, 30)} for _ in range(2)]
        random.seed(seed)
        MultiScaleCrop(**keywords)(results[0])
        random.seed(seed)
        left = MultiScaleCrop(**keywords, on_device=True)(results[1])
        x1, y1, x2, y2 = results[0]["crop_bbox"]
        assert left["view_boxes"].tolist() == [[x1, y1, x2 - x1, y2 - y1, 0]]
        assert (left["view_size"], left["img_shape"], left["imgs"][0].shape) == ((16, 12), (24, 30), (24, 30, 3))


def test_what_the_device_cannot_crop_is_refused():
    with pytest.raises(ValueError, match="lazy=True and on_device=True name two places"):
        MultiScaleCrop(16, lazy=True, on_device=True)
    with pytest.raises(ValueError, match=r"MultiScaleCrop\(on_device=True\) cannot crop 'gt_bboxes'"):
        MultiScaleCrop(16, on_device=True)({"img_shape": (24, 30), "gt_bboxes": np.zeros((1, 4))})
    with pytest.raises(ValueError, match="view_boxes are already set"):
        MultiScaleCrop(16, on_device=True)({"img_shape": (24, 30), "view_boxes": np.zeros((1, 5))})
    assert repr(MultiScaleCrop(16, on_device=True)).endswith(", on_device=True)")
