"""The import layers of the package: imports point down, siblings do not import each other."""

import ast
from pathlib import Path

import pytest

import tsn_plugin

ROOT = Path(tsn_plugin.__file__).parent
LAYERS = {
    0: {"registry", "compat", "modality", "structures", "bundle"},
    1: {"ops", "readers"},
    2: {"preparation", "proposals", "transforms", "models"},
    3: {"datasets", "evaluation", "engine"},
    4: {"apis", "visualization"},
}
LAYER_OF = {room: layer for layer, rooms in LAYERS.items() for room in rooms}
TOP = {"__init__", "__main__"}
MODULES = sorted(path for path in ROOT.rglob("*.py") if "_bundle" not in path.parts)


def room_of(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported_rooms(source):
    """Rooms of tsn_plugin that a module imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module else []
        for name in names:
            parts = name.split(".")
            if parts[0] == "tsn_plugin" and len(parts) > 1:
                yield parts[1]


def violations(room, source):
    for other in imported_rooms(source):
        if room in TOP or other == room or other == "__version__":
            continue
        if other not in LAYER_OF:
            yield f"{room} imports {other}, which is in no layer"
        elif LAYER_OF[other] > LAYER_OF[room] or (LAYER_OF[other] == LAYER_OF[room] != 0):
            yield f"{room} (layer {LAYER_OF[room]}) imports {other} (layer {LAYER_OF[other]})"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    room = room_of(path)
    assert room in TOP or room in LAYER_OF, f"{room} is in no layer: add it to DESIGN's table"
    assert not list(violations(room, path.read_text()))


@pytest.mark.parametrize(
    ("room", "source", "bad"),
    [
        ("models", "from tsn_plugin.transforms import flip", True),  # sibling
        ("ops", "import tsn_plugin.models.heads", True),  # upwards
        ("apis", "from tsn_plugin import evaluation", False),
        ("engine", "def f():\n    from tsn_plugin.apis import training", True),  # hidden in a function
    ],
)
def test_the_check_itself(room, source, bad):
    assert bool(list(violations(room, source))) is bad


def test_modalities_are_told_apart_in_one_file():
    allowed = {ROOT / "modality.py"}
    offenders = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and path not in allowed:
                text = ast.unparse(node)
                if "modality" in text and any(f"'{name}'" in text for name in ("RGB", "Flow", "RGBDiff", "WarpedFlow")):
                    offenders.append(f"{path.name}: {text}")
    assert not offenders
