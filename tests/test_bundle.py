"""Configs and tools are found by name, in a clone and in an installed wheel."""

import sys
import zipfile
from pathlib import Path

import pytest

from tsn_plugin import __main__ as command_line
from tsn_plugin import bundle

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "name",
    ["tsn_bninception_ucf101_rgb", "tsn_bninception_ucf101_rgb.py", "configs/tsn_bninception_ucf101_rgb.py"],
)
def test_a_shipped_config_is_found_by_name(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Path(bundle.find_config(name)) == ROOT / "configs" / "tsn_bninception_ucf101_rgb.py"


def test_a_file_of_the_user_wins(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tsn_bninception_ucf101_rgb.py").write_text("x = 1")
    assert bundle.find_config("tsn_bninception_ucf101_rgb.py") == "tsn_bninception_ucf101_rgb.py"


def test_a_misspelt_config_gets_suggestions():
    with pytest.raises(FileNotFoundError, match="did you mean .*tsn_bninception_ucf101_rgb"):
        bundle.find_config("tsn_bninception_ufc101_rgb")


def test_base_files_are_no_experiments():
    with pytest.raises(FileNotFoundError):
        bundle.find_config("default_runtime")


def test_an_unknown_tool_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit, match="unknown tool 'tain'(.|\n)*train"):
        command_line.main(["tain"])


def test_help_names_every_tool(capsys):
    command_line.main(["--help"])
    printed = capsys.readouterr().out
    assert all(path.stem.replace("_", "-") in printed for path in (ROOT / "tools").glob("*.*"))


def test_the_command_line_runs_a_tool(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tsn"])
    with pytest.raises(SystemExit) as exit_:
        command_line.main(["train", "--help"])
    assert exit_.value.code == 0
    assert "usage: tsn train" in capsys.readouterr().out


def test_the_wheel_carries_configs_and_tools(tmp_path):
    from setuptools import build_meta

    copy = tmp_path / "source"
    import shutil

    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", "*.egg-info", "work_dirs", "demo_out"))
    (tmp_path / "wheel").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        wheel = build_meta.build_wheel(str(tmp_path / "wheel"))
    names = zipfile.ZipFile(tmp_path / "wheel" / wheel).namelist()
    configs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.py")}
    tools = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tools").glob("*.*")}
    assert {"tools/train.py", "tools/dist_train.sh", "tools/slurm_test.sh"} <= tools
    assert {f"tsn_plugin/_bundle/{name}" for name in configs | tools} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "configs/", "tools/"))]
