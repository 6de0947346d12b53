import cv2
import numpy as np
import pytest

from tsn_plugin.ops.frame_size import check_frame_size, resized_frame, resized_size


@pytest.mark.parametrize(
    ("frame_size", "keywords", "expected"),
    [
        ((320, 240), {}, (320, 240)),
        ((320, 240), {"size": [340, 256]}, (340, 256)),
        ((320, 240), {"short_side": 128}, (171, 128)),  # 320 * 128 / 240 = 170.67
        ((240, 320), {"short_side": 128}, (128, 171)),
        ((100, 80), {"short_side": 2}, (2, 2)),  # 2.5: halves to the even neighbour
    ],
)
def test_sizes_by_hand(frame_size, keywords, expected):
    assert resized_size(frame_size, **keywords) == expected


def test_frames_are_resized_bilinearly_and_left_alone_where_they_fit():
    frame = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    resized = resized_frame(frame, short_side=12)
    np.testing.assert_array_equal(resized, cv2.resize(frame, (16, 12), interpolation=cv2.INTER_LINEAR))
    assert resized_frame(frame, size=(32, 24)) is frame


@pytest.mark.parametrize(
    ("size", "short_side", "message"),
    [
        ((0, 4), None, r"size=\(0, 4\) must be two positive numbers: width, height"),
        ((4,), None, r"size=\(4,\) must be two positive numbers"),
        (None, 0, "short_side=0 must be positive"),
        ((4, 4), 4, r"size=\(4, 4\) and short_side=4 exclude each other"),
    ],
)
def test_wrong_sizes_are_refused(size, short_side, message):
    with pytest.raises(ValueError, match=message):
        check_frame_size(size, short_side)
