"""Lists that stay text in memory give the records of the careful parser, and MMEngine's methods work on them."""

import copy
import pickle
import time

import mmaction.datasets
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset

import tsn_plugin.datasets
from tsn_plugin.datasets import RawframeDataset, VideoDataset, list_dataset
from tsn_plugin.datasets.list_records import LineForm, ListRecords
from tsn_plugin.structures.list_lines import read_lines
from tsn_plugin.structures.list_text import read_list

FORMS = {
    "video": LineForm("filename", (), "root", "list"),
    "videos of several labels": LineForm("filename", (), "root", "list", 9),
    "frames": LineForm("frame_dir", ("total_frames",), "root", "list"),
    "intervals": LineForm("frame_dir", ("offset", "total_frames"), None, "list"),
    "frames of several labels": LineForm("frame_dir", ("total_frames",), None, "list", 9),
}
#: what lines are put together of; most of them are ordinary
_PATHS = st.sampled_from(["a.mp4", "b/c", "two words", "take 2", "é\u00a0è", "12", " d", "", "\x1c", "\u2028e"])
_SEPARATORS = st.sampled_from([" ", " ", "\t", "  ", " \t", ""])
_NUMBERS = st.sampled_from(["0", "7", "8", "9", "-1", "-2", "+1", "1.5", "07", "9" * 20, "٣", ""])
_LINES = st.tuples(
    _PATHS, st.lists(st.tuples(_SEPARATORS, _NUMBERS), max_size=4), st.sampled_from(["", "", " ", "\t", "\r", " \x85"])
).map(lambda parts: parts[0] + "".join(map("".join, parts[1])) + parts[2])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("lists") / "list.txt"


def outcome(function):
    """What a function gives, or the words of its error."""
    try:
        return function()
    except ValueError as error:
        return str(error)


def kept_as_text(path, form):
    several = form.num_classes is not None
    options = dict(num_fields=len(form.fields), several_labels=several, num_classes=form.num_classes)
    return ListRecords(read_list(path, form.labels, **options), form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=60)
@given(st.lists(_LINES, min_size=1, max_size=3), st.sampled_from(["\n", "\r\n", "\n\n", "\n \n"]))
@example(["a.mp4 " + "9" * 20, "a 1 1 1"], "\n")
def test_records_and_errors_are_those_of_the_careful_parser(path, form, lines, end):
    path.write_bytes(end.join(lines).encode())
    careful = outcome(lambda: [form.record(line) for line in read_lines(path)])
    records = outcome(lambda: kept_as_text(path, form))
    assert (records if isinstance(records, str) else list(records)) == careful
    if not isinstance(records, str):
        numbers = [line.line_number for line in read_lines(path)]
        assert [records.place(index) for index in range(len(records))] == [f"list, line {n}" for n in numbers]
        if form.num_classes is None:
            assert records.lines.labels.tolist() == [record["label"] for record in careful]


def ordinary_lines(number, fields):
    return [f"class_{n % 40:02d}/video_{n}.mp4 {fields}{n % 40}" for n in range(number)]


@pytest.mark.parametrize(
    ("kind", "form", "prefix", "fields"),
    [(VideoDataset, "video", "video", ""), (RawframeDataset, "frames", "img", "7 ")],
    ids=["video", "raw"],
)
def test_a_long_list_is_read_as_the_careful_parser_reads_it(tmp_path, kind, form, prefix, fields):
    source = tmp_path / "list.txt"
    tabbed = fields.replace(" ", "\t")
    rest = ["", f"x y {fields}3", f"take 2\t{tabbed}", f"a b\t{tabbed}4", f"c {fields}-1"]
    source.write_text("\n".join([*ordinary_lines(19_996, fields), *rest, ""]))
    dataset = kind(ann_file=str(source), pipeline=[], data_prefix={prefix: "root"})
    expected = [FORMS[form].record(line) for line in read_lines(source)]
    assert len(dataset) == len(expected) == 20_000
    assert [record["label"] for record in expected[-4:]] == [3, -1, 4, -1]
    assert list(dataset.data_list) == expected == dataset.load_data_list()
    assert dataset.all_labels().tolist() == [record["label"] for record in expected]


def test_a_list_costs_less_time_and_memory_than_mmaction2s(tmp_path):
    """It takes a quarter of the time; the best of five attempts each, so that a busy machine does not matter."""
    (tmp_path / "list.txt").write_text("\n".join(ordinary_lines(6_000, "")))

    def cost(kind):
        start = time.process_time()
        return kind(ann_file=str(tmp_path / "list.txt"), pipeline=[]), time.process_time() - start

    ours, stock = ([cost(kind) for _ in range(5)] for kind in (VideoDataset, mmaction.datasets.VideoDataset))
    assert min(seconds for _, seconds in ours) < min(seconds for _, seconds in stock)
    lines = ours[0][0].data_list.lines
    columns = (lines.text, lines.starts, lines.ends, lines.line_numbers, lines.labels)
    assert sum(column.nbytes for column in columns) < stock[0][0].data_bytes.nbytes + stock[0][0].data_address.nbytes


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """A list of seven videos, one of frames, and one with several labels."""
    root = tmp_path_factory.mktemp("seven")
    (root / "video").write_text("".join(f"v{n}.mp4 {n % 3}\n" for n in range(7)))
    (root / "frames").write_text("".join(f"v{n} {10 + n} {n % 3}\n" for n in range(7)))
    (root / "several").write_text("".join(f"v{n}.mp4 {n % 3} 3\n" for n in range(7)))
    return root


CASES = {
    "video": ("VideoDataset", {}),
    "frames": ("RawframeDataset", {}),
    "several": ("VideoDataset", dict(multi_class=True, num_classes=4)),
}


def make(module, lists, case, **options):
    name, case_options = CASES[case]
    return getattr(module, name)(ann_file=str(lists / case), pipeline=[], **case_options, **options)


def infos(dataset):
    """All records, one-hot labels as lists."""
    found = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [{**info, "label": torch.as_tensor(info["label"]).tolist()} for info in found]


@pytest.fixture
def ours_and_stock(lists):
    return lambda case, **options: [
        make(module, lists, case, **options) for module in (tsn_plugin.datasets, mmaction.datasets)
    ]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "options",
    [{}, dict(indices=3), dict(indices=-2), dict(indices=[5, 0, 5]), dict(serialize_data=False), dict(lazy_init=True)],
    ids=str,
)
def test_records_are_mmaction2s(ours_and_stock, case, options):
    ours, stock = ours_and_stock(case, **options)
    assert infos(ours) == infos(stock)
    assert ours.get_data_info(-1)["sample_idx"] == stock.get_data_info(-1)["sample_idx"] == len(stock) - 1


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("indices", [4, -3, [6, 1, 1], (2,)], ids=str)
def test_subsets_copies_and_pickles_are_mmaction2s(ours_and_stock, case, indices):
    ours, stock = ours_and_stock(case)
    assert infos(ours.get_subset(indices)) == infos(stock.get_subset(indices))
    assert len(ours) == 7
    for change in (copy.deepcopy, lambda dataset: pickle.loads(pickle.dumps(dataset))):
        changed = change(ours)
        changed.get_subset_(indices)
        assert infos(changed) == infos(stock.get_subset(indices))
        assert (len(changed), len(ours)) == (len(stock.get_subset(indices)), 7)


def test_wrappers_work(lists):
    dataset = make(tsn_plugin.datasets, lists, "video")
    dataset.get_cat_ids = lambda index: [dataset.get_data_info(index)["label"]]
    assert len(RepeatDataset(dataset, 3)) == 21
    assert ConcatDataset([dataset, dataset]).get_data_info(8)["filename"] == "v1.mp4"
    assert len(ClassBalancedDataset(dataset, oversample_thr=0.3)) >= 7


def test_records_are_made_anew_each_time(lists):
    dataset = make(tsn_plugin.datasets, lists, "video")
    dataset.get_data_info(0)["label"] = "changed"
    assert dataset.get_data_info(0)["label"] == 0


def test_a_subclass_that_makes_or_filters_records_is_kept_as_mmengine_keeps_it(lists):
    class Loads(VideoDataset):
        def load_data_list(self):
            records = super().load_data_list()
            for record in records:
                record["weight"] = 0.5
            return [*records, dict(filename="one more", label=0)]

    class Filters(VideoDataset):
        def filter_data(self):
            return [record for record in self.data_list if record["label"] == 1]

    loads, filters = (kind(ann_file=str(lists / "video"), pipeline=[]) for kind in (Loads, Filters))
    assert (loads.get_data_info(2)["weight"], loads.get_data_info(7)["filename"]) == (0.5, "one more")
    assert [info["filename"] for info in infos(filters)] == ["v1.mp4", "v4.mp4"]
    assert (list(filters.all_labels()), filters.place_of_item(1)) == ([1, 1], str(lists / "video"))
    assert filters.data_bytes.nbytes  # pickled


def test_a_line_that_stands_there_twice_is_told(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(list_dataset, "print_log", lambda text, *_: told.append(text))
    (tmp_path / "list.txt").write_text("a.mp4 1\n\nb.mp4 0\na.mp4 1\na.mp4 2\na.mp4 1\n")
    VideoDataset(ann_file=str(tmp_path / "list.txt"), pipeline=[])
    assert told[0].endswith(
        "list.txt: 2 lines stand there again, such as line 4, which is line 1: take them out, unless these videos are "
        "to count more"
    )


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\r\n \r\n"])
@pytest.mark.parametrize("kind", [VideoDataset, RawframeDataset])
def test_a_list_without_videos_is_refused(tmp_path, content, kind):
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ValueError, match=r"list\.txt holds no video, or none that is chosen: mend the list, or name"):
        kind(ann_file=str(tmp_path / "list.txt"), pipeline=[])
