"""The pages on data sets say what the tools really take and write."""

import argparse
import json
import re
import runpy
import shlex
from fnmatch import fnmatch
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from tsn_plugin.preparation.annotations.datasets import DATASETS, read_lists
from tsn_plugin.preparation.annotations.records import ListRequest
from tsn_plugin.preparation.annotations.thumos14 import AMBIGUOUS, CLASSES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "datasets"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
ALL_PAGES = [*PAGES, FOLDER / "README.md"]
COUNTS = "Expected counts"
SECTIONS = [
    "Where to get it",
    "Licence",
    "Size",
    "From archive to list",
    COUNTS,
    "Configs",
    "Sources",
]
MAX_LINES = 80

KINETICS = {
    f"{part}.csv": "label,youtube_id,time_start,time_end,split\nrun,a,0,10,x\n" for part in ("train", "val", "test")
}
SOMETHING = {"labels.csv": "run\n", "train.csv": "1;run\n", "validation.csv": "2;run\n", "test.csv": "3\n"}
MOMENTS = {
    "moments_categories.txt": "run,0\n",
    "trainingSet.csv": "run/a.mp4,run,3,0\n",
    "validationSet.csv": "run/b.mp4,run,3,0\n",
}
ACTIVITYNET = {
    f"activity_net.v1-{version}.min.json": {
        "taxonomy": [{"nodeName": "run", "parentName": "Root"}],
        "database": {
            subset: {"subset": subset, "duration": 2.0, "annotations": [{"segment": [0, 1], "label": "run"}]}
            for subset in ("training", "validation", "testing")
        },
    }
    for version in (2, 3)
}
#: one video per split, in each data set's own files
ANNOTATIONS = {
    "ucf101": {
        "classInd.txt": "1 Run\n",
        **{f"{part}list0{n}.txt": "Run/v.avi\n" for part in ("train", "test") for n in (1, 2, 3)},
    },
    "hmdb51": {"class_list.txt": "run\n", **{f"run_test_split{n}.txt": "v.avi 1\nw.avi 2\n" for n in (1, 2, 3)}},
    "kinetics400": KINETICS,
    "kinetics600": KINETICS,
    "kinetics700": KINETICS,
    "kinetics700_2020": KINETICS,
    "sthv1": SOMETHING,
    "sthv2": {
        "labels.json": {"run": "0"},
        **{f"{part}.json": [{"id": "1", "template": "run"}] for part in ("train", "validation", "test")},
    },
    "jester": SOMETHING,
    "mit": MOMENTS,
    "mmit": {**MOMENTS, "trainingSet.csv": "run/a.mp4,0\n", "validationSet.csv": "run/b.mp4,0\n"},
    "diving48": {
        "Diving48_vocab.json": ["run"],
        **{f"Diving48_V2_{part}.json": [{"vid_name": "a", "label": 0}] for part in ("train", "test")},
    },
    "hvu": {
        "HVU_Tags_Categories_V1.0.csv": "Tag,Category\nrun,action\n",
        **{f"HVU_{part}_V1.0.csv": "Tags,youtube_id,time_start,time_end\nrun,a,0.0,1.0\n" for part in ("Train", "Val")},
    },
    "activitynet1.2": ACTIVITYNET,
    "activitynet1.3": ACTIVITYNET,
    "thumos14": {
        f"{long}_{file}": text
        for long, short in (("validation", "val"), ("test", "test"))
        for file, text in {
            "durations.txt": "a.mp4\n9.0\n",
            "avoid_videos.txt": "",
        }.items()
    }
    | {
        f"temporal_annotations_{long}/{name}_{short}.txt": "a 1.0 2.0\n"
        for long, short in (("validation", "val"), ("test", "test"))
        for name in (*CLASSES, AMBIGUOUS)
    },
}


class ParsedError(Exception):
    """Ends a tool once its arguments are known."""


@pytest.fixture(scope="module")
def writable(tmp_path_factory):
    """Names of the files that the tool can write, by data set."""
    return {name: writable_names(name, tmp_path_factory.mktemp("annotations")) for name in DATASETS}


@pytest.fixture(scope="module")
def config_texts():
    return "\n".join(path.read_text() for path in sorted((ROOT / "configs").rglob("*.py")))


def writable_names(name, folder):
    for file, content in ANNOTATIONS[name].items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    dataset = DATASETS[name]
    names = set()
    for split in dataset.splits + dataset.unlabelled:
        for content in read_lists(ListRequest(name, folder, split, forms=dataset.forms)):
            names |= {*content.file_names.values(), *content.notes}
    return names


def by_name(path):
    return path.stem


def sections(page):
    """Text by heading; the text before the first one under the empty name."""
    parts = re.split(r"^## (.+)\n", page.read_text(), flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2]))


def block_lines(page):
    """The lines of the one block of commands."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert [language for language, _ in blocks] == ["bash"]
    return blocks[0][1].splitlines()


def tool_commands(page):
    """``(tool, arguments)`` of every line that calls one of the repository's tools."""
    words = [shlex.split(line, comments=True) for line in block_lines(page)]
    return [(line[1], line[2:]) for line in words if line[:1] == ["python"] and line[1].startswith("tools/")]


@cache
def main_of(tool):
    return runpy.run_path(str(ROOT / tool))["main"]


def parse(tool, arguments, monkeypatch):
    """The namespace that the tool's own parser makes of the arguments; nothing else of the tool runs."""
    original = argparse.ArgumentParser.parse_args

    def stop(parser, *positional, **keywords):
        raise ParsedError(original(parser, *positional, **keywords))

    main = main_of(tool)
    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", stop)
        with pytest.raises(ParsedError) as parsed:
            main(arguments)
    return parsed.value.args[0]


def parsed_by_tool(page, tool, monkeypatch):
    return [parse(name, words, monkeypatch) for name, words in tool_commands(page) if name == f"tools/{tool}.py"]


def datasets_of(page):
    """The data sets whose lists the page's commands write."""
    return {words[0] for tool, words in tool_commands(page) if tool == "tools/build_file_list.py"}


def expand(name):
    """``a_{b,c}.txt`` as a shell expands it."""
    parts = re.split(r"\{([^{}]*,[^{}]*)\}", name)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def fits_one(pattern, names):
    return any(fnmatch(name, pattern) for name in names)


def made_by_shell(page):
    """Files that ``cp``, ``mv`` and redirections of the block make; a variable stands for anything."""
    lines = [re.sub(r"\$\w+", "*", line) for line in block_lines(page)]
    copied = [line.split()[-1] for line in lines if re.match(r"(cp|mv) .*\.(txt|json)$", line)]
    return copied, [target for line in lines for target in re.findall(r"> (\S+)", line)]


def test_there_are_pages_and_annotations_of_every_data_set():
    assert {*ANNOTATIONS} == {*DATASETS}
    assert set().union(*map(datasets_of, PAGES)) == {*DATASETS}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_sections_stand_in_order(page):
    text = page.read_text()
    title, blank, purpose, after = text.split("\n")[:4]
    assert title.startswith("# ")
    assert purpose
    assert (blank, after) == ("", "")
    assert list(sections(page)) == ["", *SECTIONS]
    assert all(part.strip() for part in sections(page).values())
    assert "```bash" in sections(page)["From archive to list"]
    assert len(text.splitlines()) < MAX_LINES


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_tools_take_the_commands(page, monkeypatch):
    commands = tool_commands(page)
    assert {"tools/build_file_list.py", "tools/check_dataset.py"} <= {tool for tool, _ in commands}
    for tool, arguments in commands:
        parse(tool, arguments, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_options_in_the_text_are_options_of_the_tools(page, capsys):
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    told = {option for code in re.findall(r"`([^`]+)`", text) for option in re.findall(r"(?<!\S)--[a-z-]+", code)}
    helps = ["tools/check_dataset.py", "tools/extract_flow.py", "tools/train.py"]
    commands = [(tool, ["--help"]) for tool in helps]
    commands += [("tools/build_file_list.py", [name, "--help"]) for name in sorted(datasets_of(page))]
    known = set()
    for tool, arguments in commands:
        with pytest.raises(SystemExit):
            main_of(tool)(arguments)
        known |= {*re.findall(r"--[a-z-]+", capsys.readouterr().out)}
    assert told <= known, told - known


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_lists_are_checked_where_they_are_built(page, monkeypatch, writable):
    built = parsed_by_tool(page, "build_file_list", monkeypatch)
    names = set().union(*(writable[name] for name in datasets_of(page)))
    made = {target for targets in made_by_shell(page) for target in targets}
    for check in parsed_by_tool(page, "check_dataset", monkeypatch):
        assert check.root in {build.media for build in built}
        for path in map(Path, check.lists):
            in_place = str(path.parent) in {build.out for build in built} and fits_one(path.name, names)
            assert in_place or any(fnmatch(str(path), target) for target in made), path


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_renamed_lists_have_the_names_of_the_configs(page, config_texts):
    for target in made_by_shell(page)[0]:
        assert f'"{Path(target).name}"' in config_texts


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_counts_are_of_lists_that_the_tool_writes(page, writable):
    datasets = datasets_of(page)
    names = set().union(*(writable[name] for name in datasets))
    stems = {f"missing_{Path(name).stem}.txt" for name in names}
    told = [
        name for written in re.findall(r"`([^`]+\.(?:txt|json))`", sections(page)[COUNTS]) for name in expand(written)
    ]
    assert all(fits_one(name, names | stems) for name in told), [n for n in told if not fits_one(n, names | stems)]
    for dataset in datasets:
        assert any(fits_one(name, writable[dataset]) for name in told), dataset


@pytest.mark.parametrize("page", ALL_PAGES, ids=by_name)
def test_links_lead_somewhere(page):
    text = page.read_text()
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith("http")]
    named = re.findall(r"`((?:configs|docs|tests|tools|tsn_plugin)/[\w./-]+\.\w+)`", text)
    missing = [target for target in targets if not (page.parent / target.partition("#")[0]).exists()]
    assert not missing + [path for path in named if not (ROOT / path).exists()]
    if page in PAGES:
        assert "](http" in sections(page)["Sources"]


def test_the_table_has_every_page_and_its_data_sets():
    rows = [line.strip("| \n").split(" | ") for line in (FOLDER / "README.md").read_text().split("\n") if "](" in line]
    table = {re.search(r"\]\((.+?)\)", row[1])[1]: row for row in rows}
    assert len(rows) == len(table)
    assert sorted(table) == [page.name for page in PAGES]
    for page in PAGES:
        assert {*re.findall(r"`(.+?)`", table[page.name][-1])} == datasets_of(page)
        assert len(table[page.name]) == 6
