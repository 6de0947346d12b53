import json

import pytest

from tsn_plugin.datasets import HVUDataset, RawframeDataset
from tsn_plugin.preparation.annotations.records import Clip, Entry
from tsn_plugin.preparation.list_formats import clip_frames, list_text
from tsn_plugin.preparation.media_index import MediaIndex


@pytest.mark.parametrize(
    ("clip", "num_frames", "available", "expected"),
    [
        (Clip(0.0, 10.0, 10.0), 100, None, (0, 100)),
        (Clip(0.0, 10.0, 10.0), 100, 99, (0, 99)),  # flow: one less
        (Clip(2.0, 4.0, 10.0), 100, 99, (20, 21)),  # the same frames
        (Clip(5.0, 99.0, 10.0), 100, None, (50, 50)),  # beyond the end
        (Clip(9.99, 10.0, 10.0), 100, 99, (98, 1)),  # at least one
        (Clip(-1.0, 1.0, 10.0), 100, None, (0, 11)),  # before the beginning
        (Clip(1.0, 2.0, 3.0), 10, None, (3, 4)),  # 10 / 3 frames a second: 3.33 to 6.67
    ],
)
def test_clip_frames_by_hand(clip, num_frames, available, expected):
    assert clip_frames(clip, num_frames, available=available) == expected


def test_lines_of_frames(tmp_path, make_frames):
    for name in ("a b #1 (é)", "c&d"):
        make_frames(tmp_path / name, rgb=5, flow=4)
    media = MediaIndex(tmp_path)
    found = [("a b #1 (é)", Entry("x", (1, 3))), ("c&d", Entry("y"))]
    assert list_text("rgb", found, media) == "a b #1 (é)\t5\t1\t3\nc&d 5\n"
    assert list_text("flow", found, media) == "a b #1 (é)\t4\t1\t3\nc&d 4\n"


def test_lines_with_offset_are_what_the_data_set_reads(tmp_path, make_frames):
    make_frames(tmp_path / "v", rgb=11, flow=10)
    found = [("v", Entry("v", (2,), clip=Clip(5.0, 10.0, 10.0)))]
    texts = {kind: list_text(kind, found, MediaIndex(tmp_path)) for kind in ("rgb", "flow")}
    assert texts == {"rgb": "v 5 6 2\n", "flow": "v 5 5 2\n"}
    (tmp_path / "list.txt").write_text(texts["rgb"])
    dataset = RawframeDataset(str(tmp_path / "list.txt"), pipeline=[], with_offset=True)
    info = dataset.get_data_info(0)
    assert (info["offset"], info["total_frames"], info["label"]) == (5, 6, 2)


def test_tags_make_the_json_that_the_data_set_reads(tmp_path, make_frames):
    make_frames(tmp_path / "frames" / "é b", rgb=7)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "é b.mp4").touch()
    found = [("é b", Entry("é b", tags={"scene": (3, 5)}))]
    frames = list_text("rgb", found, MediaIndex(tmp_path / "frames"))
    videos = list_text("video", found, MediaIndex(tmp_path / "videos"))
    assert json.loads(frames) == [{"frame_dir": "é b", "total_frames": 7, "label": {"scene": [3, 5]}}]
    assert json.loads(videos) == [{"filename": "é b.mp4", "label": {"scene": [3, 5]}}]
    (tmp_path / "hvu.json").write_text(videos, "utf-8")
    info = HVUDataset(str(tmp_path / "hvu.json"), pipeline=[], data_prefix=dict(video="videos")).get_data_info(0)
    assert (info["filename"], info["label"]) == ("videos/é b.mp4", {"scene": [3, 5]})
