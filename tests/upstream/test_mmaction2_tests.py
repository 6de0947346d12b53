"""MMAction2's own unit tests with our classes in the place of MMAction2's.

Run with ``MMACTION2_TESTS=<checkout of MMAction2 at v1.2.0>/tests pytest tests/upstream``.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

CHECKOUT = os.environ.get("MMACTION2_TESTS")
HOW = "set MMACTION2_TESTS to the tests folder of a checkout of MMAction2 at v1.2.0 to run its tests on our classes"

#: Files of MMAction2's tests that use classes we replace.
FILES = (
    "datasets/transforms/test_sampling.py",
    "datasets/transforms/test_processing.py",
    "datasets/transforms/test_formating.py",
    "datasets/transforms/test_loading.py",
    "models/data_preprocessors/test_data_preprocessor.py",
    "models/heads/test_tsn_head.py",
    "models/recognizers/test_recognizer2d.py",
    "evaluation/metrics/test_acc_metric.py",
)

_LOADING = "datasets/transforms/test_loading.py::"
_RECOGNIZER = "models/recognizers/test_recognizer2d.py::"
_METRIC = "evaluation/metrics/test_acc_metric.py::"
#: Cases that cannot apply to our classes, or on this stack not even to MMAction2's, with the reason.
INAPPLICABLE = {
    f"{_LOADING}TestDecode::test_pims_init": "needs pims",
    f"{_LOADING}TestDecode::test_pims_decode": "needs pims",
    f"{_LOADING}TestDecode::test_pyav_decode_motion_vector": "reads a container of PyAV, which our readers hide",
    f"{_RECOGNIZER}test_tsn_mmcls_backbone": "needs MMClassification",
    f"{_RECOGNIZER}test_tsn_mobileone": "needs MMPretrain",
    f"{_RECOGNIZER}test_tsm": "needs MMPretrain",
    f"{_RECOGNIZER}test_tsn_timm_backbone": "needs timm",
    f"{_RECOGNIZER}test_tsn_tv_backbone": "downloads weights of torchvision",
    f"{_METRIC}test_multisport_detection": "fails with MMAction2's classes too: np.trapz left NumPy 2",
}

#: Classes that no applicable case builds.
UNTESTED = {
    "VisualizationHook": "these files do not use it",
}


def run_upstream(tests, files, inapplicable=()):
    """Run files below ``tests`` in a process with our classes: its status, output, results and uses by class."""
    tests = Path(tests)
    root = tests.resolve().parent
    missing = [name for name in files if not (tests / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{tests} has no {missing[0]}; point MMACTION2_TESTS to a checkout's tests folder")
    counts = root / f"swapped_counts_{os.getpid()}.json"
    here = str(Path(__file__).parent)
    environment = dict(os.environ, PYTHONPATH=here, SWAPPED_COUNTS=str(counts), OMP_NUM_THREADS="1")
    command = [sys.executable, "-m", "pytest", "-p", "swapped_classes", "-p", "no:cacheprovider", "-c", os.devnull]
    command += [
        f"--rootdir={root}",
        "--tb=short",
        "--show-capture=no",
        "-rfE",
        *(f"{tests.name}/{name}" for name in files),
    ]
    command += [f"--deselect={tests.name}/{case}" for case in inapplicable]
    result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=1800)
    uses = json.loads(counts.read_text()) if counts.is_file() else {}
    counts.unlink(missing_ok=True)
    found = re.findall(r"(\d+) (passed|failed|errors?|skipped|deselected)", result.stdout.splitlines()[-1])
    results = {name: int(number) for number, name in found}
    return SimpleNamespace(status=result.returncode, output=result.stdout + result.stderr, results=results, uses=uses)


if CHECKOUT:

    @pytest.fixture(scope="module")
    def upstream():
        return run_upstream(CHECKOUT, FILES, INAPPLICABLE)

    def test_upstream_tests_pass_with_our_classes(upstream):
        assert upstream.status == 0, upstream.output[-6000:]
        assert upstream.results.get("passed", 0) >= len(FILES)
        assert upstream.results.get("deselected") == len(INAPPLICABLE), "a case in INAPPLICABLE no longer exists"

    def test_upstream_tests_used_every_class_we_replace(upstream):
        assert sorted(name for name, count in upstream.uses.items() if not count) == sorted(UNTESTED)

else:

    def test_how_to_run_upstream_tests():
        assert "MMACTION2_TESTS" in HOW


GOOD = """
from mmaction.datasets.transforms import DenseSampleFrames, Flip
from mmaction.registry import TRANSFORMS
from mmaction.testing import get_recognizer_cfg

def test_module_and_registry():
    assert Flip.__module__ == "tsn_plugin.transforms.flip"
    assert type(TRANSFORMS.build(dict(type="Flip"))) is Flip

def test_subclasses_stay():
    assert DenseSampleFrames.__module__.startswith("mmaction.")

def test_configs_are_found():
    assert get_recognizer_cfg("tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb.py").model
"""
BAD = """
from mmaction.datasets.transforms import Flip

def test_stock_class():
    assert Flip.__module__.startswith("mmaction.")

def test_wrong():
    assert Flip is None
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout of two test files, one of which fails because the classes are ours."""
    tests = tmp_path_factory.mktemp("checkout") / "tests"
    (tests / "datasets").mkdir(parents=True)
    (tests / "datasets" / "test_good.py").write_text(GOOD)
    (tests / "test_bad.py").write_text(BAD)
    return tests


def test_swapped_classes_are_used_a_failure_fails_and_an_inapplicable_case_is_deselected(checkout):
    outcome = run_upstream(checkout, ["datasets/test_good.py", "test_bad.py"], ["test_bad.py::test_wrong"])
    assert outcome.status == 1
    assert outcome.results == {"passed": 3, "failed": 1, "deselected": 1}, outcome.output
    assert "FAILED tests/test_bad.py::test_stock_class" in outcome.output
    assert outcome.uses["Flip"] == 1
    assert outcome.uses["TSNHead"] == 0
    assert {"VisualizationHook", "AccMetric", "Recognizer2D", "SampleFrames"} <= set(outcome.uses)


def test_a_folder_without_the_tests_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no heads/test_tsn_head\.py; point MMACTION2_TESTS"):
        run_upstream(tmp_path, ["heads/test_tsn_head.py"])
