"""The table of the data sets whose lists can be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tsn_plugin.preparation.annotations import activitynet, hvu
from tsn_plugin.preparation.annotations.activitynet import read_activitynet
from tsn_plugin.preparation.annotations.diving48 import read_diving48
from tsn_plugin.preparation.annotations.hvu import read_hvu
from tsn_plugin.preparation.annotations.kinetics import read_kinetics
from tsn_plugin.preparation.annotations.moments import read_moments
from tsn_plugin.preparation.annotations.records import ListContent, ListRequest
from tsn_plugin.preparation.annotations.something import read_something
from tsn_plugin.preparation.annotations.thumos14 import read_thumos14
from tsn_plugin.preparation.frame_folders import FramePrefixes
from tsn_plugin.preparation.official_splits import SPLITS, read_official_lists


@dataclass(frozen=True)
class Dataset:
    """How the lists of one data set come about.

    Attributes:
        title: its name in full.
        read: gives the lists of a request.
        splits: names of the splits, those with labels by default.
        unlabelled: names of further splits, whose videos have no labels.
        forms: of the lists, where there are several.
        usual_forms: those written by default.
        prefixes: of the frames' files, if they are distributed as frames.
    """

    title: str
    read: Callable[[ListRequest], list[ListContent]]
    splits: tuple[str, ...] = ("train", "val")
    unlabelled: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    usual_forms: tuple[str, ...] = ()
    prefixes: FramePrefixes | None = None


_NUMBERS = tuple(map(str, SPLITS))
_TEST = ("test",)
_FRAMES = FramePrefixes(rgb="")
_ACTIVITYNET = dict(
    read=read_activitynet,
    splits=("train", "val", "trainval"),
    unlabelled=_TEST,
    forms=activitynet.FORMS,
    usual_forms=("videos", "clips"),
)
DATASETS: dict[str, Dataset] = {
    "ucf101": Dataset("UCF101", read_official_lists, _NUMBERS),
    "hmdb51": Dataset("HMDB51", read_official_lists, _NUMBERS),
    "kinetics400": Dataset("Kinetics-400", read_kinetics, unlabelled=_TEST),
    "kinetics600": Dataset("Kinetics-600", read_kinetics, unlabelled=_TEST),
    "kinetics700": Dataset("Kinetics-700", read_kinetics, unlabelled=_TEST),
    "kinetics700_2020": Dataset("Kinetics-700, 2020 edition", read_kinetics, unlabelled=_TEST),
    "sthv1": Dataset("Something-Something v1", read_something, unlabelled=_TEST, prefixes=_FRAMES),
    "sthv2": Dataset("Something-Something v2", read_something, unlabelled=_TEST),
    "jester": Dataset("Jester", read_something, unlabelled=_TEST, prefixes=_FRAMES),
    "mit": Dataset("Moments in Time", read_moments),
    "mmit": Dataset("Multi-Moments in Time", read_moments),
    "diving48": Dataset("Diving48", read_diving48),
    "hvu": Dataset("HVU", read_hvu, forms=hvu.FORMS, usual_forms=("all",)),
    "activitynet1.2": Dataset("ActivityNet 1.2", **_ACTIVITYNET),
    "activitynet1.3": Dataset("ActivityNet 1.3", **_ACTIVITYNET),
    "thumos14": Dataset("THUMOS14, detection", read_thumos14, ("train", "test")),
}


def read_lists(request: ListRequest) -> list[ListContent]:
    """The lists of one split of a data set.

    Raises:
        ValueError: for an unknown data set, split or form of list, for ``label_of`` where the classes have no names,
            or if ``label_of`` has a class that is not one of the data set; otherwise as the data set's reader.
        FileNotFoundError: as the data set's reader.
    """
    dataset = DATASETS[_known(request.dataset, DATASETS, "dataset")]
    _known(request.split, (*dataset.splits, *dataset.unlabelled), "split")
    for form in request.forms:
        _known(form, dataset.forms, "form")
    lists = dataset.read(replace(request, forms=request.forms or dataset.usual_forms))
    if request.label_of is None or dataset.read is read_official_lists:
        return lists
    return [_choose_classes(content, request) for content in lists]


def _known(name: str, names: Mapping[str, Dataset] | tuple[str, ...], what: str) -> str:
    if name not in names:
        raise ValueError(f"{what}={name!r} is unknown; known: {', '.join(names) or 'none'}")
    return name


def _choose_classes(content: ListContent, request: ListRequest) -> ListContent:
    """The entries of the classes of ``request.label_of`` (blanks and ``_`` are the same), with their labels there."""
    if not content.classes:
        raise ValueError(f"the classes of {request.dataset} cannot be chosen: its lists have no single label")
    chosen = {_key(name): label for name, label in (request.label_of or {}).items()}
    unknown = sorted({*chosen} - {*map(_key, content.classes)})
    if unknown:
        raise ValueError(
            f"{len(unknown)} of the {len(chosen)} chosen classes are none of {request.dataset}, first {unknown[0]!r}: "
            "correct the file of the classes, whose lines are '<class>' or '<number from 1> <class>'"
        )
    numbers = {old: chosen[_key(name)] for old, name in enumerate(content.classes) if _key(name) in chosen}
    relabelled = (
        replace(entry, labels=tuple(numbers[label] for label in entry.labels if label in numbers))
        for entry in content.entries
    )
    kept = tuple(new for new, old in zip(relabelled, content.entries) if new.labels or not old.labels)
    return replace(content, entries=kept, notes={})


def _key(name: str) -> str:
    return name.replace(" ", "_")
