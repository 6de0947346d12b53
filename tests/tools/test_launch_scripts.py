"""What the shell scripts start. tests/test_end_to_end.py and test_detection_tools.py let them run to the end."""

import os
import subprocess
from pathlib import Path

import pytest

from tsn_plugin import __main__ as command_line

TOOLS = Path(__file__).parents[2] / "tools"
VARIABLES = ("NNODES", "NODE_RANK", "MASTER_ADDR", "PORT", "GPUS", "GPUS_PER_NODE", "CPUS_PER_TASK", "SRUN_ARGS")


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """Start a script with a Python that only tells its arguments, port and path; status, output and errors."""
    python = tmp_path / "bin with blank" / "python"
    python.parent.mkdir()
    python.write_text('#!/usr/bin/env bash\nprintf -v line "[%s]" "$@" "$MASTER_PORT" "$PYTHONPATH"\necho "$line"\n')
    python.chmod(0o755)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON", str(python))
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")

    def start(script, *arguments, **variables):
        environment = dict(os.environ, **variables)
        command = [str(TOOLS / script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)

    return start


def words(line):
    """What the Python was given."""
    return line.strip()[1:-1].split("][")


@pytest.mark.parametrize(
    ("script", "enough"),
    [
        ("dist_train.sh", "CONFIG GPUS"),
        ("dist_test.sh", "CONFIG CHECKPOINT GPUS"),
        ("slurm_train.sh", "PARTITION JOB_NAME CONFIG"),
        ("slurm_test.sh", "PARTITION JOB_NAME CONFIG CHECKPOINT"),
    ],
)
def test_too_few_arguments_are_answered_with_the_usage(launch, script, enough):
    result = launch(script, *enough.split()[1:])
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"usage: {TOOLS / script} {enough} [options of tools/")
    assert "environment: " in result.stderr


@pytest.mark.parametrize(
    ("script", "positional", "tool"),
    [
        ("dist_train.sh", ["my config.py", "2"], ["train", "my config.py"]),
        ("dist_test.sh", ["my config.py", "a b.pth", "2"], ["test", "my config.py", "a b.pth"]),
    ],
)
def test_one_machine(launch, script, positional, tool):
    result = launch(script, *positional, "--work-dir", "a  b", "--cfg-options", "x='*'")
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2"]
    wanted = [*torchrun, "-m", "tsn_plugin", *tool, "--launcher", "pytorch", "--work-dir", "a  b"]
    assert words(result.stdout)[:-2] == [*wanted, "--cfg-options", "x='*'"]
    assert words(result.stdout)[-1] == f"{TOOLS.parent}:/elsewhere"


@pytest.mark.parametrize(
    ("variables", "meeting"),
    [
        (dict(PORT="1234"), "--nnodes 1 --node-rank 0 --master-addr 127.0.0.1 --master-port 1234"),
        (
            dict(NNODES="2", NODE_RANK="1", MASTER_ADDR="10.0.0.7"),
            "--nnodes 2 --node-rank 1 --master-addr 10.0.0.7 --master-port 29500",
        ),
    ],
)
def test_several_machines_meet_at_a_port(launch, variables, meeting):
    arguments = words(launch("dist_train.sh", "config.py", "8", **variables).stdout)
    assert arguments[2:-10] == meeting.split()
    assert arguments[-10:-5] == ["--nproc-per-node", "8", "-m", "tsn_plugin", "train"]


@pytest.mark.parametrize(
    ("script", "positional", "tool"),
    [
        ("slurm_train.sh", ["my config.py"], ["train", "my config.py"]),
        ("slurm_test.sh", ["my config.py", "a b.pth"], ["test", "my config.py", "a b.pth"]),
    ],
)
def test_slurm(launch, slurm, script, positional, tool):
    variables = dict(GPUS="4", GPUS_PER_NODE="2", CPUS_PER_TASK="3", SRUN_ARGS="--gres=none  --label", MASTER_PORT="17")
    result = launch(script, "part", "my job", *positional, "--work-dir", "a  b", **variables)
    tasks = result.stdout.splitlines()
    wanted = ["-u", "-m", "tsn_plugin", *tool, "--launcher", "slurm", "--work-dir", "a  b"]
    assert [words(task) for task in tasks] == 4 * [[*wanted, "17", f"{TOOLS.parent}:/elsewhere"]]
    options = (slurm / "arguments.txt").read_text().splitlines()
    assert options[:9] == [
        *("--kill-on-bad-exit=1", "--partition=part", "--job-name=my job", "--gres=gpu:2", "--ntasks=4"),
        *("--ntasks-per-node=2", "--cpus-per-task=3", "--gres=none", "--label"),
    ]


@pytest.mark.parametrize(("gpus", "per_node"), [("2", 2), ("16", 8), (None, 8)])
def test_slurm_asks_for_no_more_gpus_than_are_used(launch, slurm, monkeypatch, gpus, per_node):
    monkeypatch.delenv("MASTER_PORT")
    result = launch("slurm_train.sh", "part", "job", "config.py", **({} if gpus is None else dict(GPUS=gpus)))
    options = (slurm / "arguments.txt").read_text().splitlines()
    assert {f"--gres=gpu:{per_node}", f"--ntasks={gpus or 8}", f"--ntasks-per-node={per_node}"} <= set(options)
    ports = {words(task)[-2] for task in result.stdout.splitlines()}
    assert len(ports) == 1
    assert 12000 <= int(ports.pop()) < 32000


def test_the_command_line_starts_a_script_with_its_own_python(monkeypatch):
    started = []
    monkeypatch.setattr(command_line.os, "execvp", lambda *command: started.append(command))
    monkeypatch.setattr(command_line.os, "environ", {})
    monkeypatch.setattr(command_line, "_load", lambda path: pytest.fail("a shell script is no module"))
    with pytest.raises(pytest.fail.Exception):
        command_line.main(["dist-train", "config.py", "2"])
    assert started == [("bash", ["bash", str(TOOLS / "dist_train.sh"), "config.py", "2"])]
    assert command_line.os.environ == {"PYTHON": command_line.sys.executable}
