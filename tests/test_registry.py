"""Every component of ours is found under its prefix and is ours; a silent fallback to MMAction2 would go unnoticed."""

import subprocess
import sys

import pytest

COMPONENTS = {
    "MODELS": ["Recognizer2D", "TSNHead", "BNInception", "InceptionV3", "ActionDataPreprocessor", "AttentionConsensus"],
    "TRANSFORMS": [
        "SampleFrames",
        "MultiScaleCrop",
        "Flip",
        "TenCrop",
        "ColorJitter",
        "FormatShape",
        "PackActionInputs",
    ]
    + ["DecordInit", "DecordDecode", "PyAVInit", "PyAVDecode", "OpenCVInit", "OpenCVDecode", "RawFrameDecode"],
    "HOOKS": ["PartialBNHook", "EffectiveBatchHook", "SafeCheckpointHook", "ProgressHook", "VisualizationHook"],
    "METRICS": ["AccMetric", "ConfusionMatrix", "DumpScores"],
    "OPTIM_WRAPPERS": ["AutocastOptimWrapper"],
    "OPTIM_WRAPPER_CONSTRUCTORS": ["TSNOptimWrapperConstructor"],
    "WEIGHT_INITIALIZERS": ["CrossModalityPretrained"],
}


@pytest.mark.parametrize("registry", COMPONENTS)
def test_a_fresh_process_finds_our_components_from_mmactions_scope(registry):
    """In a process of its own, since any import made before would hide a location that is missing."""
    code = (
        "import tsn_plugin\n"
        f"from mmaction.registry import {registry} as registry\n"
        f"for name in {COMPONENTS[registry]}:\n"
        "    print(registry.get(f'tsn_plugin.{name}').__module__.split('.')[0])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == ["tsn_plugin"] * len(COMPONENTS[registry]), result.stderr


def test_what_we_do_not_have_is_mmactions():
    from tsn_plugin.registry import MODELS, TRANSFORMS

    assert TRANSFORMS.get("DenseSampleFrames").__module__.startswith("mmaction")
    assert MODELS.get("ResNet").__module__.startswith("mmaction")
