import cv2
import numpy as np
import pytest

from tools import show_modalities
from tsn_plugin.readers.base import FrameReader
from tsn_plugin.visualization.modality_figure import COLUMNS, frames_with_camera_motion, modality_images


class Panning(FrameReader):
    """Views of a wide picture from given places."""

    name, fps = "panning", 25

    def __init__(self, places):
        noise = np.random.default_rng(0).standard_normal((140, 260))
        wide = cv2.GaussianBlur(noise, (0, 0), 2) + 3 * cv2.GaussianBlur(noise[::-1], (0, 0), 5)
        self.wide = cv2.normalize(wide, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)[..., None].repeat(3, -1)
        self.places, self.num_frames = places, len(places)

    def _read_sorted(self, indices):
        return {index: self.wide[10:130, self.places[index] : self.places[index] + 160] for index in indices}


def test_frames_before_the_greatest_pans_are_chosen():
    reader = Panning([0, 0, 1, 9, 9, 10, 18, 18])  # 8 pixels after frames 2 and 5
    assert frames_with_camera_motion(reader, 2, (160, 120)) == [2, 5]


def test_the_images_of_a_row():
    previous, current = Panning([20, 24]).read([0, 1])
    images = modality_images(previous, current, method="dis")
    assert len(images) == len(COLUMNS)
    np.testing.assert_array_equal(images[0], previous)
    assert images[1][60, 80].tolist() == (128 + (current[60, 80].astype(int) - previous[60, 80])).clip(0, 255).tolist()
    # the picture moves 4 pixels to the left: 255 * (20 - 4) / 40 = 102; without the camera's motion it stands still
    assert np.median(images[2]) == 102
    assert [np.median(image) for image in images[3:]] == [128, 128, 128]


def test_the_tool_writes_a_picture(make_video, tmp_path, capsys):
    video = make_video(tmp_path / "a.mp4", num_frames=6)
    show_modalities.main([str(video), str(tmp_path / "new" / "a.png"), "--frames", "1", "3", "--size", "64x48"])
    assert "frames 1, 3" in capsys.readouterr().out
    picture = cv2.imread(str(tmp_path / "new" / "a.png"))
    assert picture.shape[1] > 1000
    with pytest.raises(ValueError, match=r"frames \[5\] have no next frame in .*a\.mp4, which has 6 frames"):
        show_modalities.main([str(video), str(tmp_path / "b.png"), "--frames", "5"])


def test_a_video_of_one_frame_shows_no_motion():
    with pytest.raises(ValueError, match="panning has 1 frame: there is no motion to show"):
        frames_with_camera_motion(Panning([0]), 2, (160, 120))
