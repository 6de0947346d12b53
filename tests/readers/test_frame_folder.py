import os

import cv2
import numpy as np
import pytest

from tsn_plugin.readers import VideoReadError, frame_folder, open_frames


def image(path, flag=cv2.IMREAD_COLOR):
    picture = cv2.imread(str(path), flag)
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def test_images_in_the_order_asked_for(tmp_path, make_frame_folder):
    folder = make_frame_folder(tmp_path / "a", num_frames=5)
    with open_frames(folder) as reader:
        assert (reader.num_frames, reader.fps) == (5, None)
        frames = reader.read([4, 0, 4])
        assert [frame.shape for frame in frames] == [(48, 64, 3)] * 3
    for frame, number in zip(frames, (5, 1, 5)):  # index 0 is file 1
        np.testing.assert_array_equal(frame, image(folder / f"img_{number:05d}.jpg"))
    assert not np.shares_memory(frames[0], frames[2])


@pytest.mark.parametrize("modality", ["Flow", "WarpedFlow"])
@pytest.mark.parametrize("template", ["flow_{}_{:05d}.jpg", "{}_{:05d}.jpg", "flow_{}/{:06d}.jpg"])
def test_flow_is_x_and_y_whatever_the_template(modality, template, tmp_path):
    for axis, value in (("x", 100), ("y", 50)):
        for number in (0, 1, 2):  # denseflow numbers from 0
            path = tmp_path / template.format(axis, number)
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), np.full((8, 16), value + number, np.uint8))
    reader = open_frames(tmp_path, modality=modality, template=template, start=0)
    assert reader.num_frames == 3
    fields = reader.read([2, 0])
    assert [field.shape for field in fields] == [(8, 16, 2)] * 2
    np.testing.assert_array_equal(fields[0], np.broadcast_to([102, 52], (8, 16, 2)))
    np.testing.assert_array_equal(reader.read_numbers([0])[0], np.broadcast_to([100, 50], (8, 16, 2)))


def test_each_file_is_read_once(tmp_path, make_frame_folder):
    folder, paths = make_frame_folder(tmp_path / "a", num_frames=3), []

    def read(path):
        paths.append(os.path.basename(path))
        with open(path, "rb") as file:
            return file.read()

    frames = open_frames(folder, read_bytes=read).read_numbers([2, 3, 2])
    assert paths == ["img_00002.jpg", "img_00003.jpg"]
    np.testing.assert_array_equal(frames[0], frames[2])


@pytest.mark.parametrize("flag", [frame_folder.READ_RGB, None], ids=["reads RGB", "older OpenCV"])
def test_pixels_do_not_depend_on_the_version_of_opencv(flag, tmp_path, monkeypatch):
    path = tmp_path / "img_00001.jpg"
    cv2.imwrite(str(path), np.random.RandomState(0).randint(0, 256, (17, 23, 3), dtype=np.uint8))
    monkeypatch.setattr(frame_folder, "READ_RGB", flag)
    np.testing.assert_array_equal(open_frames(tmp_path).read([0])[0], image(path))


def test_own_decoder(tmp_path, make_frame_folder):
    folder = make_frame_folder(tmp_path / "a", num_frames=1)
    reader = open_frames(folder, modality="Flow", decode_image=lambda data, grey: np.full((2, 2), grey, np.uint8))
    np.testing.assert_array_equal(reader.read([0])[0], np.ones((2, 2, 2)))


def test_missing_files_are_told_with_the_remedy(tmp_path, make_frame_folder):
    folder = make_frame_folder(tmp_path / "a", num_frames=3)
    message = r"img_00004\.jpg does not exist: the folder holds 3 frames named 'img_{:05d}\.jpg' from number 1 on"
    with pytest.raises(FileNotFoundError, match=message):
        open_frames(folder).read_numbers([4])
    with pytest.raises(FileNotFoundError, match=r"flow_x_00004\.jpg.*\(N frames have N - 1 flow fields\)"):
        open_frames(folder, modality="Flow").read_numbers([4])
    with pytest.raises(
        FileNotFoundError, match=r"holds 0 frames named 'image_{}\.png'.*first file is 'flow_x_00001\.jpg'"
    ):
        _ = open_frames(folder, template="image_{}.png").num_frames
    with pytest.raises(FileNotFoundError, match="frame folder .*nowhere does not exist; extract the frames"):
        open_frames(tmp_path / "nowhere").read_numbers([1])
    with pytest.raises(IndexError, match=r"has 3 frames \(0 to 2\), not 3"):
        open_frames(folder).read([3])


def test_damaged_files(tmp_path, make_frame_folder):
    folder = make_frame_folder(tmp_path / "a", num_frames=2)
    (folder / "img_00001.jpg").write_bytes(b"no image")
    (folder / "img_00002.jpg").write_bytes(b"")
    for number in (1, 2):
        with pytest.raises(VideoReadError, match=rf"img_0000{number}\.jpg is no image"):
            open_frames(folder).read_numbers([number])
    cv2.imwrite(str(folder / "flow_y_00001.jpg"), np.zeros((5, 5), np.uint8))
    with pytest.raises(VideoReadError, match="x and y of flow 1 differ in size"):
        open_frames(folder, modality="Flow").read_numbers([1])


@pytest.mark.parametrize(
    ("modality", "template"),
    [("RGB", "flow_{}_{:05d}.jpg"), ("RGB", "img.jpg"), ("Flow", "img_{:05d}.jpg"), ("Flow", "flow_{1:05d}.jpg")],
)
def test_a_template_that_does_not_fit_the_modality_is_refused(modality, template, tmp_path):
    with pytest.raises(ValueError, match="does not name the files of modality="):
        open_frames(tmp_path, modality=modality, template=template)


def test_unknown_modality(tmp_path):
    with pytest.raises(ValueError, match="modality='rgb' is unknown; known: RGB"):
        open_frames(tmp_path, modality="rgb")
