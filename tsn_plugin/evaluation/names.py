"""Names of videos: which part of a path names a video, and which names of two streams mean the same video."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from tsn_plugin.preparation.videos import VIDEO_EXTENSIONS


def without_extension(name: str) -> str:
    """``name`` as tests keep it, without the extension of a video; a folder of frames may hold other dots.

    >>> without_extension("Dive/a.avi"), without_extension("Dive/a_1.5x")
    ('Dive/a', 'Dive/a_1.5x')
    """
    path = PurePosixPath(name)
    return str(path.with_suffix("") if path.suffix.lower() in VIDEO_EXTENSIONS else path)


def relative_names(names: Sequence[str]) -> tuple[str, ...]:
    """``names`` without the folder that all of them share, so that streams kept in different folders can be matched.

    A single video keeps its last part.

    >>> relative_names(("data/videos/Dive/a", "data/videos/Dive/b", "data/videos/Swim/c"))
    ('Dive/a', 'Dive/b', 'Swim/c')
    """
    paths = [PurePosixPath(name) for name in names]
    if len({path.is_absolute() for path in paths}) != 1:
        return tuple(names)
    shared = posixpath.commonpath([str(path.parent) for path in paths])
    return tuple(posixpath.relpath(path, shared) if shared else str(path) for path in paths)


def match_names(names: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """For each stream the key of each of its videos, such that equal keys mean the same video.

    Keys are the full names; where these differ, the names without extension below the folder that a stream's videos
    share; where these differ too, their last parts. Keys must be unique in every stream.

    Raises:
        ValueError: if the streams do not cover the same videos.
    """
    for keys in _candidates(names):
        unique = all(len(set(own)) == len(own) for own in keys)
        if unique and all(set(own) == set(keys[0]) for own in keys):
            return keys
    raise ValueError(_difference(names))


def _candidates(names: Sequence[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """Keys to try, one after the other: paths are taken apart only where the full names do not do."""
    yield list(names)
    bare = [tuple(without_extension(name) for name in own) for own in names]
    yield [relative_names(own) for own in bare]
    yield [tuple(PurePosixPath(name).name for name in own) for own in bare]


def _difference(names: Sequence[tuple[str, ...]]) -> str:
    lines = ["the streams do not cover the same videos; test them with the same list:"]
    everything = set().union(*names)
    for number, own in enumerate(names, start=1):
        missing = sorted(everything - set(own))
        if missing:
            shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            lines.append(f"stream {number} lacks {len(missing)} of {len(everything)}: {shown}")
    return "\n".join(lines)
