"""Testing a checkpoint from a config, as ``tools/test.py`` does it."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from mmaction.datasets.transforms import PackActionInputs
from mmcv.cnn import fuse_conv_bn
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import Registry
from mmengine.runner import Runner

from tsn_plugin.apis.failures import report_failure
from tsn_plugin.apis.interrupted_tests import add_journal, run_or_resume, skip_scored, test_evaluators
from tsn_plugin.apis.options import load_config
from tsn_plugin.apis.training import build_runner
from tsn_plugin.evaluation.metrics import DumpScores
from tsn_plugin.models.heads import TSNHead
from tsn_plugin.models.localizers import SSN
from tsn_plugin.models.localizers.tick_localizer import TickLocalizer
from tsn_plugin.registry import MODELS, TRANSFORMS

#: Metric names of MMAction2 0.x, and how its test tool printed what they give.
EVAL_METRICS = (
    "top_k_accuracy",
    "mean_class_accuracy",
    "mean_average_precision",
    "mmit_mean_average_precision",
    "mAP",
)
_PRINTED = {"mean1": "mean_class_accuracy"}
SCORE_SUFFIXES = (".npz", ".pkl", ".pickle", ".json")


@report_failure
def run_test(arguments: argparse.Namespace) -> dict[str, float]:
    """Test what the parsed command line asks for, print 0.x's lines for ``--eval`` and return all metrics."""
    config = load_config(arguments)
    apply_test_options(config, arguments)
    localizer_writer = _localizer_writer(config)
    is_resumable = arguments.out is not None and localizer_writer is None
    if is_resumable:
        add_journal(config, arguments.out)
    runner = build_runner(config)
    if arguments.fuse_conv_bn:
        fold_batch_norm(runner)
    options = dict(amp=arguments.amp, fused=arguments.fuse_conv_bn)
    if is_resumable:
        metrics = run_or_resume(runner, config, arguments.out, options=options)
    else:
        if arguments.out is not None:
            skip_scored(runner, config, arguments.out, localizer_writer, options=options)
        metrics = runner.test()
    if arguments.eval and is_main_process():
        for line in format_metrics(metrics):
            print(line)
    return metrics


def fold_batch_norm(runner: Runner) -> None:
    """Load the checkpoint and fold each batch normalisation of the backbone into the convolution before it."""
    runner.load_or_resume()
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    model.backbone = fuse_conv_bn(model.backbone.eval())


def apply_test_options(config: Config, arguments: argparse.Namespace) -> None:
    """Write the test options of MMAction2 1.x and 0.x into ``config``.

    Raises:
        ValueError: for a file name with an unknown suffix.
    """
    config.load_from = arguments.checkpoint
    for module in (config.model.get("backbone"), config.model):  # the checkpoint replaces the initial weights
        if module is not None:
            module.pop("init_cfg", None)
            if module.get("pretrained") is not None:
                module.pretrained = None
    if arguments.amp:
        config.test_cfg = dict(config.test_cfg, fp16=True)  # MMEngine's autocast, bfloat16 without a GPU
    if arguments.average_clips is not None:
        config.model.cls_head.average_clips = arguments.average_clips
    localizer_writer = _localizer_writer(config)
    if "mAP" in (arguments.eval or ()):
        if localizer_writer is None:
            raise ValueError("--eval mAP is for detection in untrimmed videos; this config recognizes whole videos")
    elif arguments.eval:
        _replace_accuracy(config, arguments)
    if arguments.out is not None and localizer_writer is not None:
        _add_localizer_scores(config, arguments.out, localizer_writer)
    elif arguments.out is not None:
        _add_score_file(config, arguments.out, average_clips=arguments.average_clips)
        _keep_video_names(config)
    if arguments.show or arguments.show_dir is not None:
        config.default_hooks.visualization = dict(
            type="tsn_plugin.VisualizationHook",
            enable=True,
            interval=arguments.interval,
            show=arguments.show,
            out_dir=arguments.show_dir,
        )


def format_metrics(metrics: dict[str, float]) -> list[str]:
    """The lines with which MMAction2 0.x ended a test; what a score file tells of itself is none of them.

    >>> format_metrics({"acc/top1": 0.8303, "acc/mean1": 0.82961, "scores/videos": 2})
    ['top1_acc: 0.8303', 'mean_class_accuracy: 0.8296']
    """
    lines = []
    for key, value in metrics.items():
        if key.startswith(f"{DumpScores.default_prefix}/"):
            continue
        name = key.split("/")[-1]
        if name.startswith("top") and name[3:].isdigit():
            name = f"{name}_acc"
        lines.append(f"{_PRINTED.get(name, name)}: {value:.4f}")
    return lines


def _replace_accuracy(config: Config, arguments: argparse.Namespace) -> None:
    metric: dict[str, Any] = dict(type="tsn_plugin.AccMetric", metric_list=list(arguments.eval))
    if arguments.eval_options:
        metric_options = Config()
        metric_options.merge_from_dict(arguments.eval_options)  # the keys are dotted
        metric["metric_options"] = metric_options.to_dict()
    config.test_evaluator = metric


def _add_score_file(config: Config, path: str, *, average_clips: str | None) -> None:
    if not path.endswith(SCORE_SUFFIXES):
        raise ValueError(f"{path}: scores are written as {', '.join(SCORE_SUFFIXES)}; choose one of these suffixes")
    dump = dict(type="tsn_plugin.DumpScores", out_file_path=path)
    head = _class_of(config, MODELS, config.model.get("cls_head"))
    if head is not None and not issubclass(head, TSNHead):
        dump["from_pred_score"] = True
        _predict_raw_scores(config, head, wanted=average_clips)
    config.test_evaluator = [*test_evaluators(config), dump]


def _localizer_writer(config: Config) -> str | None:
    """The metric that writes the score file of a localizer; None for a recognizer."""
    model = _class_of(config, MODELS, config.model)
    if model is None or not issubclass(model, TickLocalizer):
        return None
    return "tsn_plugin.DumpProposalScores" if issubclass(model, SSN) else "tsn_plugin.DumpTickScores"


def _add_localizer_scores(config: Config, path: str, writer: str) -> None:
    """Let the test write a score file of untrimmed videos."""
    evaluators = [evaluator for evaluator in test_evaluators(config) if evaluator["type"] != writer]
    config.test_evaluator = [*evaluators, dict(type=writer, out_file_path=path)]


def _predict_raw_scores(config: Config, head: type, *, wanted: str | None) -> None:
    """Let a head that keeps no raw scores predict them, as MMAction2 0.x did; ``wanted`` is what the user asks for."""
    if wanted == "prob":
        text = f"--average-clips prob: {head.__name__} keeps no scores before softmax, so --out writes probabilities"
    else:
        config.model.cls_head.average_clips = "score"
        text = (
            f"--out: {head.__name__} keeps no scores before softmax, so this test runs with average_clips='score'; "
            "a head that gives one score row per view is ranked by mean scores instead of mean probabilities"
        )
    print_log(text, logger="current", level=logging.WARNING)


def _keep_video_names(config: Config) -> None:
    """Let the test pipeline pack the videos' names, which MMAction2's ``PackActionInputs`` drops."""
    dataset = config.test_dataloader.dataset
    while "pipeline" not in dataset and "dataset" in dataset:
        dataset = dataset.dataset
    for transform in dataset.get("pipeline", ()):
        if _class_of(config, TRANSFORMS, transform) is PackActionInputs:
            transform["type"] = "tsn_plugin.PackActionInputs"


def _class_of(config: Config, registry: Registry, part: dict | None) -> type | None:
    """The class that ``part`` will be built as under the config's default scope; ``None`` if it is unknown."""
    if part is None:
        return None
    if not isinstance(part["type"], str):
        return part["type"]
    with registry.switch_scope_and_registry(config.get("default_scope")) as scoped:
        return scoped.get(part["type"])
