"""Where the videos of a data set are: frame folders (or archives), or video files, found by name at any depth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tsn_plugin.preparation.frame_folders import FrameCounts, FramePrefixes, index_frame_folders
from tsn_plugin.preparation.videos import find_videos

#: so many of the paths that fit are named in an error
_NAMED = 5


class MediaIndex:
    """The frame folders, or else the video files, below a folder, found by the videos' names at any depth.

    Args:
        root: the folder.
        prefixes: of the frames' file names.
        other_prefixes: to try if no frames with ``prefixes`` are there.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds neither frames nor videos.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        prefixes: FramePrefixes | None = None,
        other_prefixes: Iterable[FramePrefixes] = (),
    ) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise FileNotFoundError(f"folder {root} does not exist")
        tried = (prefixes or FramePrefixes(), *other_prefixes)
        found = (index_frame_folders(root, one) for one in tried)
        self.frames: dict[str, FrameCounts] = next(filter(None, found), {})
        self.videos: dict[str, str] = {} if self.frames else _index_videos(self.root, tried[0])
        self._by_tail: dict[int, dict[str, list[str]]] = {}
        self._by_path: dict[str, list[str]] = defaultdict(list)
        for path in self.frames or self.videos:
            self._by_path[path.casefold()].append(path)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which lists can be written: ``('video',)`` or those of ``('rgb', 'flow')`` that any folder holds."""
        if self.videos:
            return ("video",)
        return tuple(kind for kind in ("rgb", "flow") if any(getattr(count, kind) for count in self.frames.values()))

    def find(self, *names: str) -> str | None:
        """Path below the root (without extension for a video) of the video called one of ``names``, or None.

        The first name that fits decides. ``<class>/<video>`` fits ``<class>/<video>`` and, in a flat folder,
        ``<video>``; the longer fit is preferred, then the exact one to one that differs in case: in UCF101 the files
        of ``HandstandPushups`` are called ``v_HandStandPushups_*``, and copies of the data set vary.

        Raises:
            ValueError: if several fit equally well.
        """
        return next(filter(None, map(self._find_one, names)), None)

    def holds(self, path: str, kinds: Iterable[str]) -> bool:
        """Whether the video at ``path`` has something of each kind."""
        return path in self.videos or all(getattr(self.frames[path], kind) for kind in kinds)

    def file(self, path: str) -> str:
        """What stands in a list for the video at ``path``: its file, or the folder of its frames."""
        return self.videos.get(path, path)

    def _find_one(self, name: str) -> str | None:
        parts = PurePosixPath(name).parts
        for length in range(len(parts), 0, -1):
            tail = "/".join(parts[-length:])
            # all of the name: whatever ends in it; part of it: only what is no longer itself
            index = self._ending_in(length) if length == len(parts) else self._by_path
            fits = index.get(tail.casefold(), [])
            best = [path for path in fits if f"/{path}".endswith(f"/{tail}")] or fits
            if len(best) > 1:
                raise ValueError(f"{name} could be {' or '.join(best[:_NAMED])} below {self.root}: keep one of them")
            if best:
                return best[0]
        return None

    def _ending_in(self, length: int) -> dict[str, list[str]]:
        """Paths by their last ``length`` parts: a look-up costs the same however many videos share a name."""
        if length not in self._by_tail:
            self._by_tail[length] = defaultdict(list)
            for path in self.frames or self.videos:
                parts = path.split("/")
                if len(parts) >= length:
                    self._by_tail[length]["/".join(parts[-length:]).casefold()].append(path)
        return self._by_tail[length]


def _index_videos(root: Path, prefixes: FramePrefixes) -> dict[str, str]:
    files: dict[str, str] = {}
    try:
        videos = find_videos(root)
    except ValueError as error:
        raise ValueError(f"{root} holds neither videos nor frames called {prefixes}") from error
    for path, name in videos:
        file = path.relative_to(root).as_posix()
        if files.setdefault(name, file) != file:
            raise ValueError(f"{files[name]} and {file} below {root} differ in their extension only: keep one of them")
    return files
