"""Command lines of MMAction2 0.x and 1.x, and what they change in the config."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from tsn_plugin.apis import options, testing, training

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / "configs" / "tsn_bninception_ucf101_rgb.py")


def tool(name):
    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train_config(*argv):
    arguments = tool("train").build_parser().parse_args([CONFIG, *argv])
    config = options.load_config(arguments)
    training.apply_train_options(config, arguments)
    return config


def test_config(*argv):
    arguments = tool("test").build_parser().parse_args([CONFIG, "weights.pth", *argv])
    config = options.load_config(arguments)
    testing.apply_test_options(config, arguments)
    return config


test_config.__test__ = False


def test_the_published_0x_command_line_is_understood():
    config = train_config("--work-dir", "out", "--validate", "--seed", "0", "--deterministic")
    assert config.work_dir == "out"
    assert config.randomness == {"seed": 0, "diff_rank_seed": False, "deterministic": True}
    assert config.val_dataloader is not None


def test_work_dir_defaults_to_the_config_name():
    assert train_config().work_dir == "work_dirs/tsn_bninception_ucf101_rgb"


def test_the_gpu_options_of_0x_are_explained(monkeypatch):
    said, ran = [], []
    monkeypatch.setattr(training, "print_log", lambda text, **_: said.append(text))
    monkeypatch.setattr(training, "build_runner", lambda config: SimpleNamespace(train=lambda: ran.append(config)))
    for argv in (["--gpus", "2"], ["--gpu-ids", "0", "1"], ["--gpu-id", "0"], []):
        tool("train").main([CONFIG, *argv])
    assert len(ran) == 4
    assert len(said) == 3
    assert "CUDA_VISIBLE_DEVICES" in said[0]
    assert "torchrun" in said[0]


def test_every_training_option_of_0x_is_accepted():
    flags = ["--resume-from", "a.pth", "--validate", "--test-last", "--test-best", "--seed", "1", "--diff-seed"]
    config = train_config(*flags, "--deterministic", "--launcher", "slurm", "--work-dir", "out")
    assert config.randomness == {"seed": 1, "diff_rank_seed": True, "deterministic": True}
    assert (config.launcher, config.resume, config.load_from) == ("slurm", True, "a.pth")


def test_no_validate_removes_validation():
    config = train_config("--no-validate")
    assert config.val_cfg is config.val_dataloader is config.val_evaluator is None


def test_validate_and_no_validate_contradict():
    with pytest.raises(SystemExit, match="contradict"):
        tool("train").main([CONFIG, "--validate", "--no-validate"])


@pytest.mark.parametrize(
    ("argv", "resume", "load_from"),
    [(["--resume"], True, None), (["--resume", "a.pth"], True, "a.pth"), (["--resume-from", "a.pth"], True, "a.pth")],
)
def test_resume(argv, resume, load_from):
    config = train_config(*argv)
    assert (config.resume, config.load_from) == (resume, load_from)


@pytest.mark.parametrize(("gpu", "expected"), [(False, "tsn_plugin.AutocastOptimWrapper"), (True, "AmpOptimWrapper")])
def test_amp_chooses_a_wrapper_that_runs_on_the_device(monkeypatch, gpu, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert train_config("--amp").optim_wrapper.type == expected


def test_amp_refuses_to_drop_a_wrapper_of_the_user():
    with pytest.raises(ValueError, match="cannot replace optim_wrapper.type='Mine'"):
        train_config("--amp", "--cfg-options", "optim_wrapper.type=Mine")


def test_lr_scaling_needs_to_know_its_batch_size():
    with pytest.raises(ValueError, match="base_batch_size"):
        train_config("--auto-scale-lr")


def test_lr_scaling_leaves_an_accumulated_batch_alone():
    with pytest.warns(UserWarning, match="EffectiveBatchHook accumulates"):
        config = train_config("--auto-scale-lr", "--cfg-options", "auto_scale_lr.base_batch_size=256")
    assert "enable" not in config.auto_scale_lr


def test_lr_scaling_is_switched_on():
    options_ = ["--cfg-options", "auto_scale_lr.base_batch_size=256", "custom_hooks=[]"]
    assert train_config("--auto-scale-lr", *options_).auto_scale_lr.enable is True


def test_data_root_reaches_all_three_loaders(tmp_path):
    config = train_config("--data-root", str(tmp_path))
    loaders = (config.train_dataloader, config.val_dataloader, config.test_dataloader)
    assert {loader.dataset.data_root for loader in loaders} == {str(tmp_path)}


def test_data_root_reaches_a_wrapped_data_set(tmp_path):
    inner = dict(type="RawframeDataset", data_root="data/ucf101")
    config = Config(dict(train_dataloader=dict(dataset=dict(type="RepeatDataset", times=2, dataset=inner))))
    options.set_data_root(config, str(tmp_path))
    assert config.train_dataloader.dataset.dataset.data_root == str(tmp_path)
    assert "data_root" not in config.train_dataloader.dataset


def test_a_missing_data_root_is_named():
    with pytest.raises(FileNotFoundError, match="--data-root nowhere"):
        train_config("--data-root", "nowhere")


def test_the_published_0x_test_command_line_is_understood():
    config = test_config("--eval", "top_k_accuracy", "mean_class_accuracy", "--out", "result.json")
    accuracy, dump = config.test_evaluator
    assert accuracy.metric_list == ["top_k_accuracy", "mean_class_accuracy"]
    assert dump.out_file_path == "result.json"
    assert config.load_from == "weights.pth"


def test_testing_never_fetches_the_initial_weights():
    assert "init_cfg" not in test_config().model.backbone


def test_eval_options_reach_the_metric():
    config = test_config("--eval", "top_k_accuracy", "--eval-options", "top_k_accuracy.topk=(1,3)")
    assert config.test_evaluator.metric_options == {"top_k_accuracy": {"topk": (1, 3)}}


def test_every_testing_option_of_0x_is_accepted():
    flags = ["--fuse-conv-bn", "--gpu-collect", "--tmpdir", "t", "--launcher", "mpi", "--average-clips", "prob"]
    config = test_config(*flags, "--eval", "top_k_accuracy", "--options", "top_k_accuracy.topk=3", "--out", "s.pkl")
    assert config.test_evaluator[0].metric_options == {"top_k_accuracy": {"topk": 3}}
    assert (config.launcher, config.model.cls_head.average_clips) == ("mpi", "prob")


STOCK = ["model.cls_head.type=TSNHead", "test_dataloader.dataset.pipeline.5.type=PackActionInputs"]


@pytest.mark.parametrize(
    ("argv", "average_clips", "message"),
    [
        ([], "score", "this test runs with average_clips='score'"),
        (["--average-clips", "score"], "score", "this test runs with average_clips='score'"),
        (["--average-clips", "prob"], "prob", "--out writes probabilities"),
    ],
)
def test_a_head_of_mmaction2_predicts_the_scores_that_out_writes(monkeypatch, argv, average_clips, message):
    said = []
    monkeypatch.setattr(testing, "print_log", lambda text, **_: said.append(text))
    config = test_config("--out", "s.json", *argv, "--cfg-options", *STOCK)
    assert config.model.cls_head.average_clips == average_clips
    assert config.test_evaluator[-1].from_pred_score is True
    assert config.test_dataloader.dataset.pipeline[-1].type == "tsn_plugin.PackActionInputs"
    assert message in said[0]


def test_without_a_score_file_a_head_of_mmaction2_is_left_alone():
    config = test_config("--eval", "top_k_accuracy", "--cfg-options", *STOCK)
    assert config.model.cls_head.average_clips == "prob"
    assert config.test_dataloader.dataset.pipeline[-1].type == "PackActionInputs"


def test_our_scope_makes_an_unprefixed_head_ours():
    config = test_config("--out", "s.json", "--cfg-options", "default_scope=tsn_plugin", *STOCK)
    assert config.model.cls_head.average_clips == "prob"
    assert "from_pred_score" not in config.test_evaluator[-1]


def test_amp_tests_under_autocast():
    assert test_config("--amp").test_cfg.fp16 is True
    assert "fp16" not in test_config().test_cfg


def test_an_unknown_score_suffix_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"scores.txt: scores are written as .npz"):
        test_config("--out", "scores.txt")


def test_show_dir_switches_our_pictures_on():
    hook = test_config("--show-dir", "pictures", "--interval", "5").default_hooks.visualization
    assert (hook.type, hook.out_dir, hook.interval) == ("tsn_plugin.VisualizationHook", "pictures", 5)
