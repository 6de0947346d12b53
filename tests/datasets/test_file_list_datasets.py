import mmaction.datasets
import pytest

from tsn_plugin.datasets import RawframeDataset, VideoDataset

NAMES = ["plain", "two words", "a#1 & (b)", "Škoda", "take 2"]


def write(path, lines, end="\n", encoding="utf-8"):
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return str(path)


def data_of(kind, path, **options):
    return kind(ann_file=path, pipeline=[], test_mode=True, **options).load_data_list()


@pytest.mark.parametrize(("end", "encoding"), [("\n", "utf-8"), ("\r\n", "utf-8-sig")])
def test_names_may_hold_anything(tmp_path, end, encoding):
    path = write(tmp_path / "list.txt", [f"{name}\t{number}" for number, name in enumerate(NAMES)], end, encoding)
    infos = data_of(VideoDataset, path, data_prefix=dict(video="root"))
    assert infos == [dict(filename=f"root/{name}", label=number) for number, name in enumerate(NAMES)]
    path = write(tmp_path / "list.txt", [f"{name}\t7\t{number}" for number, name in enumerate(NAMES)], end, encoding)
    infos = data_of(RawframeDataset, path)
    assert [info["frame_dir"].rpartition("/")[2] for info in infos] == NAMES
    assert [(info["total_frames"], info["label"]) for info in infos] == [(7, number) for number in range(5)]


def test_blanks_need_no_tabs_unless_a_number_ends_the_name(tmp_path):
    path = write(tmp_path / "list.txt", ["two words.mp4 3"])
    assert data_of(VideoDataset, path)[0]["filename"].endswith("two words.mp4")
    path = write(tmp_path / "list.txt", ["take 2 120 3"])
    with pytest.raises(ValueError, match=r"list\.txt, line 1: take 2 120 3 has the labels \(120, 3\).* write tabs"):
        data_of(RawframeDataset, path)


@pytest.mark.parametrize(
    ("name", "lines", "options"),
    [
        ("VideoDataset", ["a/b.mp4 1", "c.avi 0"], {}),
        ("VideoDataset", ["a/b.mp4", "c.avi"], {}),
        ("VideoDataset", ["a/b.mp4 1 2", "c.avi 0"], dict(multi_class=True, num_classes=3)),
        ("RawframeDataset", ["a/b 10 1", "c 3 0"], {}),
        ("RawframeDataset", ["a/b 5 10 1", "c 0 3 0"], dict(with_offset=True)),
        ("RawframeDataset", ["a/b 10 1 2", "c 3 0"], dict(multi_class=True, num_classes=3)),
        ("RawframeDataset", ["a/b 10", "c 3"], {}),
    ],
)
def test_ordinary_lists_are_read_as_mmaction2_reads_them(tmp_path, name, lines, options):
    path = write(tmp_path / "list.txt", lines)
    ours = {"VideoDataset": VideoDataset, "RawframeDataset": RawframeDataset}[name]
    assert data_of(ours, path, **options) == data_of(getattr(mmaction.datasets, name), path, **options)


@pytest.mark.parametrize(
    ("kind", "line", "options", "message"),
    [
        (VideoDataset, "a.mp4 1 2", {}, r"line 1: a\.mp4 1 2 has the labels \(1, 2\); set multi_class=True"),
        (RawframeDataset, "a", {}, "line 1: a lacks total_frames"),
        (RawframeDataset, "a 3", dict(with_offset=True), "line 1: a 3 lacks offset and total_frames"),
        (VideoDataset, "a.mp4\tcat", {}, r"line 1: 'a\.mp4\\tcat' is not a path and numbers"),
        (VideoDataset, "a.mp4 1", dict(multi_class=True), "multi_class=True needs num_classes"),
    ],
)
def test_wrong_lines_are_named(tmp_path, kind, line, options, message):
    with pytest.raises(ValueError, match=message):
        data_of(kind, write(tmp_path / "list.txt", [line]), **options)
