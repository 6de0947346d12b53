import copy
from pathlib import Path

import numpy as np
import pytest
from mmaction.datasets import transforms as upstream

from tsn_plugin import transforms as ours

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/case05_oversample.npz")


def video(width=340, height=256, num_images=3, channels=3, modality="RGB"):
    shape = (num_images, height, width, channels)
    return {"imgs": list(np.random.RandomState(0).randint(0, 256, shape, dtype=np.uint8)), "modality": modality}


@pytest.mark.parametrize(
    ("name", "crop_size", "shape"),
    [
        ("TenCrop", 224, (340, 256)),
        ("TenCrop", (200, 100), (341, 257)),
        ("ThreeCrop", 256, (341, 256)),
        ("ThreeCrop", (120, 120), (120, 240)),
        ("CenterCrop", 224, (341, 256)),
        ("CenterCrop", (200, 100), (340, 255)),
    ],
)
def test_rgb_crops_equal_mmaction2(name, crop_size, shape):
    results = video(*shape)
    result, expected = (getattr(package, name)(crop_size)(copy.deepcopy(results)) for package in (ours, upstream))
    assert result.keys() == expected.keys()
    for key in expected:
        np.testing.assert_array_equal(result[key], expected[key], err_msg=key)
    assert repr(getattr(ours, name)(crop_size)) == repr(getattr(upstream, name)(crop_size))


@pytest.mark.parametrize(("layout", "golden"), [("mmaction2", "tsn_pytorch"), ("caffe", "caffe")])
def test_ten_crops_equal_the_original(layout, golden):
    rgb = {"imgs": list(GOLDEN["rgb_in"]), "modality": "RGB"}
    result = ours.TenCrop(16, layout=layout)(rgb)
    np.testing.assert_array_equal(np.array(result["imgs"]).reshape(10, 3, 16, 16, 3), GOLDEN[f"{golden}_rgb"])
    planes = list(GOLDEN["flow_in"])
    fields = [np.stack(planes[i : i + 2], axis=-1) for i in range(0, len(planes), 2)]
    crop = ours.TenCrop(16, layout=layout, legacy=True)
    result = crop({"imgs": planes, "modality": "Flow"})
    np.testing.assert_array_equal(np.array(result["imgs"]).reshape(10, 6, 16, 16), GOLDEN[f"{golden}_flow"])
    result = crop({"imgs": fields, "modality": "Flow"})
    as_planes = np.array(result["imgs"]).reshape(10, 3, 16, 16, 2).transpose(0, 1, 4, 2, 3).reshape(10, 6, 16, 16)
    np.testing.assert_array_equal(as_planes, GOLDEN[f"{golden}_flow"])


@pytest.mark.parametrize("modality", ["Flow", "WarpedFlow"])
def test_mirrored_flow_crops_negate_x_and_keep_zero_motion(modality):
    still = [np.full((20, 26, 2), 128, dtype=np.uint8)] * 2
    assert np.unique(ours.TenCrop(16)({"imgs": still, "modality": modality})["imgs"]).tolist() == [128]
    result = ours.TenCrop(16)(video(26, 20, 1, 2, modality))
    plain, mirrored = result["imgs"][:2]
    assert np.array_equal(mirrored[..., 1], plain[:, ::-1, 1])
    assert np.array_equal(mirrored[..., 0], np.minimum(256 - plain[:, ::-1, 0].astype(int), 255))


@pytest.mark.parametrize(("name", "num_boxes"), [("TenCrop", 10), ("ThreeCrop", 3), ("CenterCrop", 1)])
def test_on_device_records_the_boxes_and_leaves_the_pixels(name, num_boxes):
    results = video(256, 224)
    images = list(results["imgs"])
    before = copy.deepcopy(results)
    result = getattr(ours, name)(224, on_device=True)(results)
    assert set(result) - set(before) == {"view_boxes", "img_shape"}
    assert result["img_shape"] == (224, 256)
    assert all(after is image for after, image in zip(result["imgs"], images))
    assert result["view_boxes"].shape == (num_boxes, 5)
    cut = getattr(ours, name)(224)(before)
    corners = cut["crop_bbox"].reshape(-1, 4)[:: len(images) if num_boxes > 1 else 1]
    assert result["view_boxes"][:, :2].tolist() == corners[:, :2].tolist()
    assert (result["view_boxes"][:, 2:4] == 224).all()


def test_center_crop_keeps_keypoints_boxes_and_lazy_mode():
    results = {**video(320, 240), "keypoint": np.array([[[[160, 120]]]])}
    assert ours.CenterCrop(224)(results)["keypoint"].tolist() == [[[[112, 112]]]]
    lazily = upstream.Fuse()(ours.CenterCrop(224, lazy=True)(video(320, 240)))
    np.testing.assert_array_equal(lazily["imgs"], ours.CenterCrop(224)(video(320, 240))["imgs"])


def test_bounding_boxes_raise_mmaction2s_warning():
    with pytest.warns(UserWarning, match="TenCrop cannot process bounding boxes"):
        ours.TenCrop(224)({**video(), "gt_bboxes": np.zeros((1, 4))})


def test_repr_names_added_keywords_that_differ():
    assert repr(ours.TenCrop(224, on_device=True, layout="caffe")) == (
        "TenCrop(crop_size=(224, 224), on_device=True, layout='caffe')"
    )
    assert repr(ours.CenterCrop(224, on_device=True)) == "CenterCrop(crop_size=(224, 224), lazy=False, on_device=True)"


@pytest.mark.parametrize("name", ["TenCrop", "ThreeCrop", "CenterCrop"])
def test_crop_sizes(name):
    assert getattr(ours, name)([224, 112]).crop_size == (224, 112)
    for bad in (0.5, "224", (224.0, 224), (224, 224, 3)):
        with pytest.raises(TypeError, match="must be an int or"):
            getattr(ours, name)(bad)
    with pytest.raises(ValueError, match="does not fit into images of 340x200"):
        getattr(ours, name)(224)(video(340, 200))


def test_contradictions_are_refused():
    with pytest.raises(ValueError, match="layout='pytorch' is unknown; known: mmaction2, caffe"):
        ours.TenCrop(224, layout="pytorch")
    with pytest.raises(ValueError, match="legacy=True has no effect with on_device=True"):
        ours.TenCrop(224, on_device=True, legacy=True)
    with pytest.raises(ValueError, match="lazy=True and on_device=True"):
        ours.CenterCrop(224, lazy=True, on_device=True)
    results = ours.TenCrop(224, on_device=True)(video())
    with pytest.raises(ValueError, match="view_boxes are already set"):
        ours.CenterCrop(224, on_device=True)(results)
