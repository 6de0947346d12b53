"""Every component of ours is found under its prefix and is ours; a silent fallback to MMAction2 would go unnoticed."""

import json
import subprocess
import sys

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
    "HOOKS": ["PartialBNHook", "EffectiveBatchHook", "SafeCheckpointHook", "ProgressHook", "VisualizationHook"]
    + ["CheckpointHook", "EpochSeedHook", "FiniteLossHook", "LabelRangeHook"],
    "METRICS": ["AccMetric", "ConfusionMatrix", "DumpScores", "ResultJournal"],
    "DATA_SAMPLERS": ["SeededSampler", "ClassFrequencySampler", "WholeVideoSampler"],
    "OPTIM_WRAPPERS": ["AutocastOptimWrapper"],
    "OPTIM_WRAPPER_CONSTRUCTORS": ["TSNOptimWrapperConstructor"],
    "WEIGHT_INITIALIZERS": ["CrossModalityPretrained"],
}


# what all processes share is imported once, what may hide a missing location in each anew
FRESH_PROCESSES = """
import json, os, sys
import cv2, mmcv, mmengine.runner, torch
assert not {"mmaction", "tsn_plugin"} & set(sys.modules)
for registry, names in json.loads(sys.argv[1]).items():
    sys.stdout.flush()
    if os.fork() == 0:
        import tsn_plugin
        import mmaction.registry
        found = getattr(mmaction.registry, registry)
        print(registry, *[found.get(f"tsn_plugin.{name}").__module__.split(".")[0] for name in names], flush=True)
        os._exit(0)
    os.wait()
"""


def test_fresh_processes_find_our_components_from_mmactions_scope():
    """Each registry in a process of its own, since any import made before would hide a location that is missing."""
    command = [sys.executable, "-c", FRESH_PROCESSES, json.dumps(COMPONENTS)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    wanted = [[registry] + ["tsn_plugin"] * len(names) for registry, names in COMPONENTS.items()]
    assert [line.split() for line in result.stdout.splitlines()] == wanted, result.stderr


def test_what_we_do_not_have_is_mmactions():
    from tsn_plugin.registry import MODELS, TRANSFORMS

    assert TRANSFORMS.get("DenseSampleFrames").__module__.startswith("mmaction")
    assert MODELS.get("ResNet").__module__.startswith("mmaction")
