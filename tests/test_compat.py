"""The published stack, mended: what breaks without us, and what stays forbidden."""

import importlib.metadata
import importlib.util
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from tsn_plugin import compat


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)


def test_importing_the_package_stays_cheap():
    heavy = ("torch", "numpy", "mmengine", "mmaction", "cv2")
    code = f"import sys, tsn_plugin; print([name for name in {heavy} if name in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_the_registries_never_import_torchvision():
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from tsn_plugin.registry import MODELS, TRANSFORMS\n"
        "import mmaction.models; print(TRANSFORMS.get('Resize').__name__, MODELS.get('ResNet').__name__)"
    )
    result = run_python(code)
    assert result.stdout.split() == ["Resize", "ResNet"], result.stderr


def test_mmaction_models_import_although_the_wheel_lacks_a_module():
    result = run_python("import tsn_plugin, mmaction.models; print(mmaction.models.TSNHead.__name__)")
    assert result.stdout.strip() == "TSNHead", result.stderr


def test_the_missing_drn_says_so_when_it_is_used():
    finder = compat._MissingModules()
    module = importlib.util.module_from_spec(finder.find_spec("mmaction.models.localizers.drn.drn"))
    finder.exec_module(module)
    with pytest.raises(ImportError, match="missing from the mmaction2 1.2.0 wheel"):
        module.DRN()


def test_the_fallback_for_importlib_metadata_is_the_standard_librarys():
    finder = compat._MissingModules()
    module = importlib.util.module_from_spec(finder.find_spec("importlib_metadata"))
    finder.exec_module(module)
    assert module.version("torch") == importlib.metadata.version("torch")


def test_a_missing_mmcv_names_both_remedies(monkeypatch):
    monkeypatch.setattr(compat.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"tsn_plugin\[lite\].*mmcv>=2.0.1"):
        compat.require_mmcv()


def test_a_checkpoint_of_stock_mmengine_loads_with_weights_only(tmp_path):
    compat.patch_stack()
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    hub = {"log_scalars": {"train/loss": history}, "runtime_info": {"best_score": np.float64(0.5)}, "resumed_keys": {}}
    torch.save({"message_hub": hub, "state_dict": {}}, tmp_path / "stock.pth")
    loaded = CheckpointLoader.load_checkpoint(str(tmp_path / "stock.pth"))
    assert loaded["message_hub"]["log_scalars"]["train/loss"].mean() == 2.0
    assert loaded["message_hub"]["runtime_info"]["best_score"] == 0.5


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class MaliciousGetattr:
    """Reaches for a method that writes files through the one ``getattr`` that MMEngine's own files need."""

    def __reduce__(self):
        return getattr, (np.ndarray, "tofile")


@pytest.mark.parametrize("payload", ["system", "getattr"])
def test_a_malicious_checkpoint_is_refused(tmp_path, payload):
    compat.patch_stack()
    trace = tmp_path / "executed"
    value = Malicious(trace) if payload == "system" else MaliciousGetattr()
    torch.save({"state_dict": {"weight": value}}, tmp_path / "bad.pth")
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        CheckpointLoader.load_checkpoint(str(tmp_path / "bad.pth"))
    assert not trace.exists()


def test_downloaded_weights_are_read_with_weights_only(monkeypatch, tmp_path):
    compat.patch_stack()
    trace = tmp_path / "executed"
    source = tmp_path / "weights.pth"
    torch.save({"weight": Malicious(trace)}, source)

    def copy_instead_of_download(url, target, *args, **kwargs):
        with open(target, "wb") as file:
            file.write(source.read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", copy_instead_of_download)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(pickle.UnpicklingError):
        CheckpointLoader.load_checkpoint("https://example.org/weights.pth")
    assert not trace.exists()


def test_a_run_starts_beside_a_torchvision_of_another_torch(tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from tsn_plugin import registry; from mmengine.runner import runner\n"
        "print('PyTorch' in runner.collect_env())"
    )
    result = run_python(code)
    assert result.stdout.strip() == "True", result.stderr


def test_other_faults_of_the_environment_are_raised():
    code = (
        "from mmengine.runner import runner\n"
        "def fails(): raise RuntimeError('no compiler')\n"
        "runner.collect_env = fails\n"
        "from tsn_plugin import registry\n"
        "runner.collect_env()"
    )
    assert "RuntimeError: no compiler" in run_python(code).stderr
