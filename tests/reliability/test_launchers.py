"""Processes of Slurm and of Open MPI find each other, on machines without a GPU."""

import os

import pytest
from mmengine import dist

from tsn_plugin import compat


def variables_of(launcher, rank):
    if launcher == "mpi":
        return dict(OMPI_COMM_WORLD_RANK=rank, OMPI_COMM_WORLD_LOCAL_RANK=rank, OMPI_COMM_WORLD_SIZE=2)
    return dict(SLURM_PROCID=rank, SLURM_LOCALID=rank, SLURM_NTASKS=2, SLURM_NODELIST="stub[1-2]")


@pytest.mark.parametrize("launcher", ["slurm", "mpi"])
def test_two_processes_find_each_other(child, slurm, monkeypatch, launcher):
    if launcher == "mpi":
        monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")

    def one(rank):
        os.environ.update({name: str(value) for name, value in variables_of(launcher, rank).items()})
        dist.init_dist(launcher, timeout=60)
        print(dist.all_gather_object([dist.get_rank(), dist.get_world_size()]), os.environ["LOCAL_RANK"])

    processes = [child(lambda rank=rank: one(rank)) for rank in range(2)]
    for rank, process in enumerate(processes):
        assert process.end() == 0, process.output()
        assert process.output().splitlines()[-1] == f"[[0, 2], [1, 2]] {rank}"


def test_what_a_launcher_must_tell_is_named(monkeypatch):
    for name in ("SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(KeyError, match=r"SLURM_PROCID is not set: .* tools/slurm_train.sh"):
        compat._slurm_environment(None)
    with pytest.raises(KeyError, match="OMPI_COMM_WORLD_RANK is not set"):
        compat._mpi_environment()
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    with pytest.raises(KeyError, match="needs the address of the first machine"):
        compat._mpi_environment()


def test_an_scontrol_that_fails_is_no_address(monkeypatch, slurm):
    (slurm / "scontrol").write_text("#!/usr/bin/env bash\necho unknown node >&2\nexit 1\n")
    for name, value in variables_of("slurm", 0).items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(RuntimeError, match=r"`scontrol show hostname stub\[1-2\]` names no machine; set MASTER_ADDR"):
        compat._slurm_environment(None)
