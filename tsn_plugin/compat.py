"""Makes the published stack usable. Every patch names the upstream fault and the release that ends it.

Importing this module imports neither torch nor mmaction: the fallbacks wait until somebody else asks for them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import subprocess
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
    _check_local_checkpoints()
    _init_gloo_without_gpu()
    _survive_foreign_torchvision()
    _write_checkpoints_whole()


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


def _check_local_checkpoints() -> None:
    """Read local checkpoints by :func:`~tsn_plugin.structures.torch_files.load_torch_file`.

    Upstream fault: MMEngine 0.10.7 leaves ``weights_only`` to torch's default, which an environment variable turns off;
    it unpacks compressed files of any size; and where torch refuses a file, its message does not name it.
    """
    from mmengine.runner import CheckpointLoader

    from tsn_plugin.structures.torch_files import load_torch_file

    def load_from_local(filename: str, map_location: Any) -> Any:
        path = os.path.expanduser(filename)
        if not os.path.isfile(path):
            raise FileNotFoundError(f"{filename} can not be found.")
        return load_torch_file(path, map_location)

    CheckpointLoader.register_scheme(prefixes="", loader=load_from_local, force=True)


def _init_gloo_without_gpu() -> None:
    """Let ``--launcher pytorch``, ``slurm`` and ``mpi`` run on machines without a GPU.

    Upstream fault: MMEngine 0.10.7 always calls ``torch.cuda.set_device`` there, and under Slurm it may divide by the
    number of GPUs.
    """
    import torch
    from mmengine.dist import utils

    originals = utils._init_dist_pytorch, utils._init_dist_slurm
    if torch.cuda.is_available() or getattr(originals[0], "gloo_fallback", False):
        return

    def init_dist(backend: str, init_backend: str = "torch", **kwargs: Any) -> None:
        if utils.is_mlu_available() or utils.is_npu_available() or utils.is_musa_available():
            originals[0](backend, init_backend, **kwargs)
        else:
            torch.distributed.init_process_group(backend="gloo", **kwargs)

    def init_slurm(backend: str, port: int | None = None, init_backend: str = "torch", **kwargs: Any) -> None:
        if utils.is_mlu_available():  # the only other accelerator that MMEngine serves there
            originals[1](backend, port, init_backend, **kwargs)
        else:
            os.environ.update(_slurm_environment(port))
            torch.distributed.init_process_group(backend="gloo", **kwargs)

    def init_mpi(backend: str, **kwargs: Any) -> None:
        os.environ.update(_mpi_environment())
        torch.distributed.init_process_group(backend="gloo", **kwargs)

    init_dist.gloo_fallback = True
    utils._init_dist_pytorch, utils._init_dist_slurm, utils._init_dist_mpi = init_dist, init_slurm, init_mpi


def _slurm_environment(port: int | None) -> dict[str, str]:
    """What torch wants to know of a Slurm task: ``MASTER_*`` as far as they are not set already, ranks and world size.

    Raises:
        KeyError: outside a task of ``srun``.
        RuntimeError: if ``scontrol`` cannot name the first machine; MMEngine takes its error message for the name.
    """
    if "SLURM_PROCID" not in os.environ:
        raise KeyError("SLURM_PROCID is not set: --launcher slurm is for tasks of srun, as tools/slurm_train.sh starts")
    address = os.environ.get("MASTER_ADDR")
    if address is None:
        command = ["scontrol", "show", "hostname", os.environ["SLURM_NODELIST"]]
        try:
            address = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
        except (OSError, subprocess.CalledProcessError, IndexError) as error:
            raise RuntimeError(f"`{' '.join(command)}` names no machine; set MASTER_ADDR to the first one") from error
    return dict(
        MASTER_ADDR=address,
        MASTER_PORT=str(port or os.environ.get("MASTER_PORT", "29500")),
        WORLD_SIZE=os.environ["SLURM_NTASKS"],
        RANK=os.environ["SLURM_PROCID"],
        LOCAL_RANK=os.environ.get("SLURM_LOCALID", "0"),
    )


def _mpi_environment() -> dict[str, str]:
    """What torch wants to know of a process of Open MPI's ``mpirun``, besides ``MASTER_ADDR``.

    Raises:
        KeyError: outside such a process, or without ``MASTER_ADDR``.
    """
    if "OMPI_COMM_WORLD_RANK" not in os.environ:
        raise KeyError("OMPI_COMM_WORLD_RANK is not set: --launcher mpi is for processes of Open MPI's mpirun")
    if "MASTER_ADDR" not in os.environ:
        raise KeyError("MASTER_ADDR is not set: --launcher mpi needs the address of the first machine there")
    return dict(
        MASTER_PORT=os.environ.get("MASTER_PORT", "29500"),
        WORLD_SIZE=os.environ["OMPI_COMM_WORLD_SIZE"],
        RANK=os.environ["OMPI_COMM_WORLD_RANK"],
        LOCAL_RANK=os.environ["OMPI_COMM_WORLD_LOCAL_RANK"],
    )


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


def _write_checkpoints_whole() -> None:
    """Let a checkpoint get its name when it is written and on the disk.

    Upstream fault: MMEngine 0.10.7 writes into the file itself, so that a kill or a full disk leaves half of one, even
    in the place of a whole one.
    """
    import functools

    import mmengine.runner
    from mmengine.runner import checkpoint, runner

    original = checkpoint.save_checkpoint
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def save_checkpoint(content: dict, filename: str, *args: Any, **kwargs: Any) -> None:
        if "://" in str(filename):
            original(content, filename, *args, **kwargs)
            return
        partial = f"{filename}.partial-{os.getpid()}"
        try:
            original(content, partial, *args, **kwargs)
            with open(partial, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(partial, filename)
        except OSError as error:
            raise OSError(
                f"checkpoint {filename} cannot be written ({error}); those before it are kept. Make room, or mend what "
                "is in the way, and go on with --resume"
            ) from error
        finally:
            if os.path.exists(partial):
                os.remove(partial)

    for module in (checkpoint, runner, mmengine.runner):
        module.save_checkpoint = save_checkpoint
