"""Finds configs and tools: in a clone beside the package, in an installed wheel inside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundle_folder(kind: str) -> Path:
    """The folder ``configs`` or ``tools`` of this installation.

    Raises:
        FileNotFoundError: if the installation holds neither a clone's nor a wheel's copy.
    """
    clone = _PACKAGE.parent
    for folder in (clone / kind if (clone / "setup.cfg").is_file() else None, _PACKAGE / "_bundle" / kind):
        if folder is not None and folder.is_dir():
            return folder
    raise FileNotFoundError(f"{kind}/ is missing from the installation at {_PACKAGE}; install tsn_plugin again")


def find_config(name: str) -> str:
    """Path of the config ``name``: an existing file as it is, otherwise a shipped one by its name.

    The name may carry ``.py`` and leading folders (``configs/tsn_bninception_ucf101_rgb.py``), so that a command line
    written for a clone works everywhere.

    Raises:
        FileNotFoundError: naming the shipped configs that resemble ``name``.
    """
    if Path(name).is_file():
        return name
    folder = bundle_folder("configs")
    stem = Path(name).stem
    shipped = sorted(path for path in folder.rglob("*.py") if "_base_" not in path.parts)
    matches = [path for path in shipped if path.stem == stem]
    if matches:
        return str(matches[0])
    raise FileNotFoundError(f"config {name!r} is neither a file nor a shipped config{_suggest(stem, shipped)}")


def list_tools() -> dict[str, Path]:
    """Tools by command name (``fuse-scores`` for ``fuse_scores.py``, ``dist-train`` for ``dist_train.sh``), sorted."""
    scripts = [path for path in bundle_folder("tools").iterdir() if path.suffix in (".py", ".sh")]
    return {path.stem.replace("_", "-"): path for path in sorted(scripts)}


def _suggest(stem: str, shipped: list[Path]) -> str:
    import difflib

    names = difflib.get_close_matches(stem, [path.stem for path in shipped], n=5, cutoff=0.5)
    listed = "; did you mean " + ", ".join(names) + "?" if names else ""
    return f" ({len(shipped)} are in {bundle_folder('configs')}){listed}"
