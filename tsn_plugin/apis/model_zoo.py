"""The index of published models: which there are, their table, their weights."""

from __future__ import annotations

import difflib
import hashlib
import http.client
import re
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import yaml
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tsn_plugin.bundle import bundle_folder
from tsn_plugin.structures.output_names import path_below

TABLE_BEGIN = "<!-- written by tools/model_zoo.py table --into: do not edit -->"
TABLE_END = "<!-- end of the table -->"
RECOGNITION, LOCALIZATION = "Action Recognition", "Temporal Action Localization"
CHUNK = 1 << 20
TIMEOUT_SEC = 60
#: Published file names end with the first digits of the file's SHA-256.
_NAMED_HASH = re.compile(r"-([0-9a-f]{8,64})\.pth$")
_COLUMNS = ("config", "modality", "backbone", "pre-training", "resolution", "test", "published", "weights", "note")


@dataclass(frozen=True)
class ZooRecord:
    """One row of a published table, or one config that has none.

    Attributes:
        name: unique in the index.
        collection: the table's heading.
        task: ``'Action Recognition'`` or ``'Temporal Action Localization'``, as OpenMMLab's metafiles call them.
        config: path of the config from the root of the package, or ``None``.
        dataset: what is trained and tested on.
        modality: as in the table (``'RGB'``, ``'Flow'``, ``'RGB + Flow'``).
        facts: further entries of ``Metadata`` (``Architecture``, ``Pretrained``, ``Resolution`` ...).
        test: views per video, ``(segments, crops)``, or ``None``.
        metrics: published numbers by name, in percent; never measured with this package.
        source: address of the page that gives the numbers.
        weights: address of the weights, or ``None``.
        parts: names of the records whose scores are combined.
        fusion_weights: one factor per part, for a sum of scores before softmax; empty for a mean of results.
        note: where page and files disagree, or ours differ.
    """

    name: str
    collection: str
    config: str | None
    dataset: str
    modality: str
    facts: dict[str, Any]
    test: tuple[int, int] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    source: str | None = None
    weights: str | None = None
    parts: tuple[str, ...] = ()
    fusion_weights: tuple[float, ...] = ()
    note: str = ""
    task: str = RECOGNITION


def index_file() -> Path:
    """``model-index.yml`` of this installation."""
    return bundle_folder("configs").parent / "model-index.yml"


def read_index(path: str | Path | None = None) -> list[ZooRecord]:
    """All records of the metafiles that the index imports, in their order.

    Args:
        path: an index file (default: the installation's).

    Raises:
        FileNotFoundError: if the index or a file that it imports is missing.
        ValueError: if two records have the same name, or a part is no record.
    """
    index = Path(path) if path is not None else index_file()
    records: list[ZooRecord] = []
    for imported in _load_yaml(index)["Import"]:
        records += _read_metafile(index.parent / imported)
    names = [record.name for record in records]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{index} has several records of the name {', '.join(repeated)}: give each its own")
    for record in records:
        unknown = sorted(set(record.parts) - set(names))
        if unknown:
            raise ValueError(f"parts of {record.name} are no records of {index}: {', '.join(unknown)}")
    return records


def find_record(name: str, records: Sequence[ZooRecord]) -> ZooRecord:
    """The record called ``name``, which may carry ``.py`` and folders as a config's path does.

    Raises:
        KeyError: for an unknown name; the message lists similar ones.
    """
    stem = Path(name).name[: -len(".py")] if name.endswith(".py") else Path(name).name
    by_name = {record.name: record for record in records}
    if stem in by_name:
        return by_name[stem]
    similar = difflib.get_close_matches(stem, by_name, n=5, cutoff=0.5)
    hint = f"did you mean {', '.join(similar)}?" if similar else "`tools/model_zoo.py list` names all"
    raise KeyError(f"no record is called {name!r}; {hint}")


def zoo_table(records: Sequence[ZooRecord]) -> str:
    """The records as Markdown: a table for each data set of each collection."""
    groups: dict[tuple[str, str], list[ZooRecord]] = {}
    for record in records:
        groups.setdefault((record.collection, record.dataset), []).append(record)
    lines: list[str] = []
    heading = None
    for (collection, dataset), members in groups.items():
        if collection != heading:
            heading = collection
            lines += [f"## {collection}", ""]
            if members[0].source:
                lines += [f"Published numbers: <{members[0].source}>", ""]
        lines += [f"### {dataset}", "", _row(_COLUMNS), _row("---" for _ in _COLUMNS)]
        lines += [_row(_cells(record)) for record in members] + [""]
    return "\n".join(lines)


def write_table(path: str | Path, table: str) -> None:
    """Put ``table`` between the markers of the Markdown file at ``path``.

    Raises:
        ValueError: if the file lacks a marker.
    """
    text = Path(path).read_text(encoding="utf-8")
    begin, end = text.find(TABLE_BEGIN), text.find(TABLE_END)
    if begin < 0 or end < begin:
        raise ValueError(f"{path} has no place for the table: it needs the lines\n{TABLE_BEGIN}\n{TABLE_END}")
    text = f"{text[: begin + len(TABLE_BEGIN)]}\n\n{table}\n{text[end:]}"
    Path(path).write_text(text, encoding="utf-8")


def download_weights(name: str, folder: str | Path, *, records: Sequence[ZooRecord] | None = None) -> Path:
    """Path of the weights of the record ``name`` in ``folder``, fetched unless they are there.

    An interrupted download stays as ``*.part`` and is continued by the next call where the server can.

    Args:
        name: of a record, see :func:`find_record`.
        folder: made if it does not exist.
        records: the index (default: the installation's).

    Raises:
        KeyError: for an unknown name.
        ValueError: if the record has no weights, or an address without a file name, or the file is not the published
            one.
        ConnectionError: if the address cannot be read.
    """
    record = find_record(name, read_index() if records is None else records)
    if record.weights is None:
        advice = f"it consists of {', '.join(record.parts)}: download these" if record.parts else "none are published"
        raise ValueError(f"{record.name} has no weights of its own; {advice}")
    target = Path(folder) / path_below(record.weights.rsplit("/", 1)[-1])
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file():
        _check_hash(target, target.name)
        return target
    partial = target.with_name(f"{target.name}.part")
    try:
        _fetch(record.weights, partial)
    except (OSError, http.client.HTTPException) as error:
        have = partial.stat().st_size if partial.is_file() else 0
        raise ConnectionError(
            f"{record.weights} cannot be read ({error}); {have} bytes are in {partial}: call again to go on, or fetch "
            f"the file elsewhere and put it at {target}"
        ) from error
    _check_hash(partial, target.name)
    partial.replace(target)
    return target


def _fetch(address: str, path: Path) -> None:
    """Write what ``address`` holds to ``path``, after what is there already where the server allows it."""
    start = path.stat().st_size if path.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SEC) as response:
        continues = bool(start) and getattr(response, "status", None) == http.client.PARTIAL_CONTENT
        length = response.headers.get("Content-Length")
        have = start if continues else 0
        total = have + int(length) if length else None
        with path.open("ab" if continues else "wb") as file:
            received = _copy(response, file, name=path.stem, have=have, total=total)
    if total is not None and received < total:
        raise ConnectionError(f"the connection ended after {received} of {total} bytes")


def _copy(response: BinaryIO, file: BinaryIO, *, name: str, have: int, total: int | None) -> int:
    """Copy a response to a file under a progress bar; the bytes that the file has then."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, completed=have, total=total)
        while chunk := response.read(CHUNK):
            file.write(chunk)
            have += len(chunk)
            progress.update(task, completed=have)
    return have


def _check_hash(path: Path, name: str) -> None:
    """Remove the file at ``path`` and raise if it does not have the hash in its published ``name``."""
    named = _NAMED_HASH.search(name)
    if named is None:
        return
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    found = digest.hexdigest()[: len(named[1])]
    if found != named[1]:
        path.unlink()
        raise ValueError(
            f"{path} was damaged (SHA-256 {found}..., but its name says {named[1]}) and has been removed: download it "
            "again"
        )


def _read_metafile(path: Path) -> list[ZooRecord]:
    content = _load_yaml(path)
    collections = {entry["Name"]: entry for entry in content["Collections"]}
    return [_record(entry, collections[entry["In Collection"]]) for entry in content["Models"]]


def _load_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it belongs to the index of models; install tsn_plugin again")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _record(entry: dict[str, Any], collection: dict[str, Any]) -> ZooRecord:
    facts = dict(entry["Metadata"])
    results = [result for result in entry.get("Results", []) if result.get("Published")]
    test = entry.get("Test")
    return ZooRecord(
        name=entry["Name"],
        collection=collection["Title"],
        config=entry.get("Config"),
        dataset=facts.pop("Training Data"),
        modality=entry["Modality"],
        facts=facts,
        test=(test["Segments"], test["Crops"]) if test else None,
        metrics=dict(results[0]["Metrics"]) if results else {},
        source=collection["Source"],
        weights=entry.get("Weights"),
        parts=tuple(entry.get("Parts", ())),
        fusion_weights=tuple(entry.get("Fusion Weights", ())),
        note=entry.get("Note", ""),
        task=collection.get("Task", RECOGNITION),
    )


def _cells(record: ZooRecord) -> list[str]:
    """The record's cells of the table, in the order of the columns."""
    config = f"[{record.name}](/{record.config})" if record.config else record.name
    published = " / ".join(
        f"{value:.2f} {name}" if "mAP" in name else f"{value:.2f}" for name, value in record.metrics.items()
    )
    note = record.note
    if record.fusion_weights:
        factors = " : ".join(f"{factor:g}" for factor in record.fusion_weights)
        note = f"scores of {' and '.join(record.parts)}, {factors}. {note}".strip()
    facts = [str(record.facts.get(key, "")) for key in ("Architecture", "Pretrained", "Resolution")]
    return [
        config,
        record.modality,
        *facts,
        " x ".join(map(str, record.test)) if record.test else "",
        published,
        f"[weights]({record.weights})" if record.weights else "",
        note,
    ]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
