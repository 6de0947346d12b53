import json
from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.ops.crops import (
    center_crop_box,
    check_crop_fits,
    corner_offsets,
    fixed_offsets,
    multi_scale_sizes,
    ten_crop_boxes,
    three_crop_boxes,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/case04_multiscale_crops.json").read_text())
SSN_GOLDEN = Path(__file__).parents[1] / "data/golden/ssn/case21_crop_geometry.npz"
SCALES = {"rgb": (1, 0.875, 0.75, 0.66), "flow": (1, 0.875, 0.75)}


@pytest.mark.parametrize("case", sorted(GOLDEN))
def test_sizes_and_places_equal_the_original(case):
    image, kind, side = case.split("_")
    image_size = tuple(int(number) for number in image.split("x"))
    pairs = multi_scale_sizes(image_size, SCALES[kind], (int(side), int(side)))
    assert [list(pair) for pair in pairs] == GOLDEN[case]["pairs"]
    for pair in pairs:
        name = f"{pair[0]}x{pair[1]}"
        assert [list(offset) for offset in fixed_offsets(image_size, pair, more=True)] == GOLDEN[case]["offsets13"][
            name
        ]
        assert [list(offset) for offset in fixed_offsets(image_size, pair)] == GOLDEN[case]["offsets5"][name]


@pytest.mark.parametrize(("kind", "side"), [("rgb", 224), ("flow", 224), ("rgb", 299)])
def test_reachable_crops_equal_ssns(kind, side):
    golden = np.load(SSN_GOLDEN)
    pairs = multi_scale_sizes((340, 256), SCALES[kind], (side, side))
    assert sorted(set(pairs)) == [tuple(pair) for pair in golden[f"{kind}{side}_pairs"]]
    crops = {(*pair, *offset) for pair in pairs for offset in fixed_offsets((340, 256), pair, more=True)}
    assert sorted(crops) == [tuple(crop) for crop in golden[f"{kind}{side}_all"]]


@pytest.mark.parametrize(("size", "side"), [((340, 256), 224), ((454, 341), 299)])
def test_places_of_the_five_test_crops_equal_ssns(size, side):
    golden = np.load(SSN_GOLDEN)[f"oversample_{size[0]}x{size[1]}_{side}"]
    assert fixed_offsets(size, (side, side)) == [tuple(offset) for offset in golden]


def test_max_distort_bounds_the_distance_in_the_list_of_scales():
    # 4 scales: 4 square pairs, 6 neighbouring ones, 4 two places and 2 three places apart
    sizes = [len(multi_scale_sizes((340, 256), SCALES["rgb"], (112, 112), max_distort=gap)) for gap in range(4)]
    assert sizes == [4, 10, 14, 16]


def test_sides_within_3_px_of_the_input_are_snapped_to_it():
    assert multi_scale_sizes((300, 226), (1,), (224, 224)) == [(224, 224)]
    assert multi_scale_sizes((300, 227), (1,), (224, 224)) == [(227, 227)]
    assert multi_scale_sizes((300, 226), (1,), (224, 112)) == [(224, 226)]


def test_snapping_never_makes_a_crop_larger_than_the_image():
    # the original's crop of 224 would start at row 4 * ((222 - 224) // 4) = -4
    assert multi_scale_sizes((300, 222), (1,), (224, 224)) == [(224, 222)]


def test_corner_offsets_reach_the_border_where_the_grid_does_not():
    # 341 - 224 = 117 = 4 * 29 + 1
    assert corner_offsets((341, 256), (224, 224))[1] == (117, 0)
    assert fixed_offsets((341, 256), (224, 224))[1] == (116, 0)


def test_ten_crop_boxes_of_a_340x256_image():
    mmaction2 = ten_crop_boxes((340, 256), (224, 224))
    caffe = ten_crop_boxes((340, 256), (224, 224), layout="caffe")
    assert mmaction2.shape == caffe.shape == (10, 5)
    assert mmaction2[:4].tolist() == [
        [0, 0, 224, 224, 0],
        [0, 0, 224, 224, 1],
        [116, 0, 224, 224, 0],
        [116, 0, 224, 224, 1],
    ]
    assert caffe[3:6].tolist() == [[116, 32, 224, 224, 0], [58, 16, 224, 224, 0], [0, 0, 224, 224, 1]]
    assert sorted(map(tuple, mmaction2.tolist())) == sorted(map(tuple, caffe.tolist()))  # 116 and 32 divide by 4


def test_three_and_center_crop_boxes_by_hand():
    assert three_crop_boxes((341, 256), (256, 256)).tolist() == [
        [0, 0, 256, 256, 0],
        [84, 0, 256, 256, 0],  # 2 * (85 // 2): MMAction2's last crop is a pixel short of the border
        [42, 0, 256, 256, 0],
    ]
    assert three_crop_boxes((120, 240), (120, 120))[:, :2].tolist() == [[0, 0], [0, 120], [0, 60]]
    assert center_crop_box((340, 256), (224, 224)).tolist() == [[58, 16, 224, 224, 0]]


def test_crops_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match=r"crop_size=\(224, 224\) .* does not fit into images of 320x200"):
        check_crop_fits((320, 200), (224, 224))
    for boxes in (ten_crop_boxes, three_crop_boxes, center_crop_box):
        with pytest.raises(ValueError, match="does not fit"):
            boxes((100, 300), (224, 224))
    with pytest.raises(ValueError, match="must fill the width or the height"):
        three_crop_boxes((340, 256), (224, 224))
    with pytest.raises(ValueError, match="layout='caffee' is unknown; known: mmaction2, caffe"):
        ten_crop_boxes((340, 256), (224, 224), layout="caffee")
