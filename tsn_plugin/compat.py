"""Makes the published stack usable. Every patch names the upstream fault and the release that ends it.

Importing this module imports neither torch nor mmaction: the fallbacks wait until somebody else asks for them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import warnings
from types import ModuleType
from typing import Any

_DRN = "mmaction.models.localizers.drn"
_FALLBACKS = (_DRN, f"{_DRN}.drn", "importlib_metadata")


class _MissingModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves the modules that a published package imports but does not ship.

    It stands last in ``sys.meta_path``, so that a module that exists is never replaced.

    * ``mmaction.models.localizers.drn``: left out of the mmaction2 1.2.0 wheel (its issue 2714, open).
    * ``importlib_metadata``: imported by mmaction2 1.2.0 without being declared; the standard library has the same.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> Any:
        if fullname not in _FALLBACKS:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname == _DRN)

    def create_module(self, spec: Any) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == "importlib_metadata":
            public = {name: value for name, value in vars(importlib.metadata).items() if not name.startswith("__")}
            vars(module).update(public)
        if module.__name__ == f"{_DRN}.drn":
            module.DRN = _MissingDRN


class _MissingDRN:
    def __init__(self, *args: object, **kwargs: object) -> None:
        raise ImportError("DRN is missing from the mmaction2 1.2.0 wheel; install MMAction2 from its source to use it")


def install_import_fallbacks() -> None:
    """Append the finder for missing modules to ``sys.meta_path``, once."""
    if not any(isinstance(finder, _MissingModules) for finder in sys.meta_path):
        sys.meta_path.append(_MissingModules())


def require_mmcv() -> None:
    """Check that mmcv or mmcv-lite is installed.

    Raises:
        ModuleNotFoundError: naming both remedies. mmaction2 declares neither, so that pip brings none.
    """
    if importlib.util.find_spec("mmcv") is None:
        raise ModuleNotFoundError(
            "neither mmcv nor mmcv-lite is installed. Install the light one with `pip install 'tsn_plugin[lite]'` "
            "(enough for everything here), or compile `mmcv>=2.0.1,<2.2` if you need its operators; never both",
            name="mmcv",
        )


def patch_stack() -> None:
    """Check the stack and apply the patches that need torch and MMEngine; called when the registries are imported.

    They are additive: a file that loads without them loads with them, and nothing else changes its result.
    """
    install_import_fallbacks()
    require_mmcv()
    # mmcv-lite says so at every start although nothing here needs it
    warnings.filterwarnings("ignore", message="Fail to import ``MultiScaleDeformableAttention``")
    _allow_mmengine_globals()
    _download_weights_only()
    _init_gloo_without_gpu()
    _survive_foreign_torchvision()


def _history_buffer_method(owner: object, name: str) -> Any:
    """``getattr`` as far as a pickled HistoryBuffer needs it: its own statistics, nothing else."""
    from mmengine.logging import HistoryBuffer

    is_history = owner is HistoryBuffer or isinstance(owner, HistoryBuffer)
    if is_history and name in ("min", "max", "current", "mean"):
        return getattr(HistoryBuffer, name)
    raise ValueError(f"the file asks for attribute {name!r} of {owner!r}, which no checkpoint needs; it is not loaded")


def _allow_mmengine_globals() -> None:
    """Let ``torch.load(weights_only=True)`` read the message hub that MMEngine <= 0.10.7 writes into checkpoints.

    Upstream fault: torch >= 2.6 refuses ``HistoryBuffer`` (MMEngine issue 1655; mended in MMEngine's main branch, not
    released). Everything outside this list is still refused.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    multiarray = getattr(np, "_core", None) or np.core  # numpy 2 renamed it; files name the writer's version
    functions = (multiarray.multiarray._reconstruct, multiarray.multiarray.scalar)
    aliases = [
        (function, f"numpy.{package}.multiarray.{function.__name__}")
        for function in functions
        for package in ("core", "_core")
    ]
    kinds = ("float64", "float32", "int64", "int32", "bool")
    dtypes = [type(np.dtype(kind)) for kind in kinds]
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, *dtypes, *aliases, (_history_buffer_method, "builtins.getattr")]
    )


def _download_weights_only() -> None:
    """Read downloaded weights with ``weights_only=True``.

    Upstream fault: MMEngine's HTTP loader calls ``load_state_dict_from_url``, whose default still unpickles anything.
    """
    import functools

    from mmengine.runner import checkpoint

    if not isinstance(checkpoint.load_url, functools.partial):
        checkpoint.load_url = functools.partial(checkpoint.load_url, weights_only=True)


def _init_gloo_without_gpu() -> None:
    """Let ``--launcher pytorch`` run on machines without a GPU.

    Upstream fault: MMEngine 0.10.7 always calls ``torch.cuda.set_device`` there.
    """
    import torch
    from mmengine.dist import utils

    original = utils._init_dist_pytorch
    if torch.cuda.is_available() or getattr(original, "gloo_fallback", False):
        return

    def init_dist(backend: str, init_backend: str = "torch", **kwargs: Any) -> None:
        if utils.is_mlu_available() or utils.is_npu_available() or utils.is_musa_available():
            original(backend, init_backend, **kwargs)
        else:
            torch.distributed.init_process_group(backend="gloo", **kwargs)

    init_dist.gloo_fallback = True
    utils._init_dist_pytorch = init_dist


def _survive_foreign_torchvision() -> None:
    """Let a run start where torchvision was built for another torch, such as a CUDA one beside a CPU build.

    Upstream fault: MMEngine 0.10.7 imports torchvision to print its version, and expects nothing but its absence.
    """
    import functools

    from mmengine.runner import runner

    original = runner.collect_env
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def collect_env() -> dict:
        try:
            return original()
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            sys.modules["torchvision"] = None  # an import of it says from now on that it is not there
            return original()

    runner.collect_env = collect_env
