"""A pytest plugin: puts our classes in the place of MMAction2's everywhere and counts how often each is used.

``-p swapped_classes`` loads it before any test module is imported. The counts go to the file in ``SWAPPED_COUNTS``.
"""

import functools
import json
import os
import sys
from collections import Counter
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import Registry

from tsn_plugin import registry as our_registries

COUNTS = Counter()
RUNNING = {"case": ""}


def shared_classes():
    """Pairs of MMAction2's class and ours for every name that both register; all parts of MMAction2 are imported."""
    from mmaction.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    pairs = []
    for ours in vars(our_registries).values():
        if isinstance(ours, Registry) and ours.scope == "tsn_plugin":
            ours.import_from_location()
            stock = ours.parent.module_dict
            pairs += [(stock[name], cls) for name, cls in ours.module_dict.items() if name in stock]
    return pairs


def swap(pairs):
    """Replace each first class by the second in all modules and registries of MMAction2."""
    replacement = dict(pairs)
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "mmaction"]
    spaces = [vars(module) for module in modules]
    from mmaction import registry as stock_registries

    spaces += [r._module_dict for r in vars(stock_registries).values() if isinstance(r, Registry)]
    for space in spaces:
        for name, value in list(space.items()):
            if isinstance(value, type) and value in replacement:
                space[name] = replacement[value]


def undo_differences(name, kwargs):
    """Arguments with which two deliberate differences disappear, in the cases that would stop at them.

    * ``Flip`` negates flow as ``256 - v``, which keeps zero motion at 128; MMAction2 wants ``255 - v``, ``legacy``.
    * ``MultiScaleCrop`` takes a list of scales, as JSON has it; MMAction2 wants a ``TypeError``.
    """
    if name == "Flip" and RUNNING["case"].endswith("::test_flip") and kwargs.get("direction") == "horizontal":
        return dict(legacy=True, **kwargs)
    if name == "MultiScaleCrop" and isinstance(kwargs.get("scales"), list):
        raise TypeError("scales")
    return kwargs


def count_uses(cls):
    """Count the instances of exactly ``cls``."""
    COUNTS[cls.__name__] = 0
    original = cls.__init__

    @functools.wraps(original)
    def counted(self, *args, **kwargs):
        COUNTS[cls.__name__] += type(self) is cls
        original(self, *args, **undo_differences(cls.__name__, kwargs))

    cls.__init__ = counted


def find_configs_in_the_wheel():
    """MMAction2's tests look for configs beside the package; an installed one has them inside."""
    import mmaction
    from mmaction.testing import _utils

    folder = Path(mmaction.__file__).parent / ".mim" / "configs"
    _utils.get_cfg = lambda kind, name: Config.fromfile(folder / kind / name)


def pytest_configure(config):
    pairs = shared_classes()
    swap(pairs)
    for _, ours in pairs:
        count_uses(ours)
    find_configs_in_the_wheel()


def pytest_runtest_setup(item):
    RUNNING["case"] = item.nodeid


def pytest_sessionfinish(session):
    Path(os.environ["SWAPPED_COUNTS"]).write_text(json.dumps(COUNTS))
