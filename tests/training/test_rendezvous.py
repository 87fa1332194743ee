"""The variables by which the processes of a training find each other, as torch.distributed reads them."""

import os

import pytest

from cxr_cli.training import distributed

NAMES = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


def variables() -> list[str | None]:
    return [os.environ.get(name) for name in NAMES]


@pytest.fixture(autouse=True)
def plain_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_LAUNCH_NODE_IPADDR"):
        monkeypatch.delenv(name, raising=False)


def test_a_task_of_srun(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rank comes from srun; what the user has set stays. After the block all is as before."""
    for name, value in {"SLURM_NTASKS": "8", "SLURM_PROCID": "5", "SLURM_LOCALID": "1", "MASTER_PORT": "4711"}.items():
        monkeypatch.setenv(name, value)
    with distributed.rendezvous(deepspeed=False):
        assert variables() == ["8", "5", "1", "127.0.0.1", "4711"]
        assert (distributed.under_launcher(), distributed.rank()) == (True, 5)
    assert variables() == [None, None, None, None, "4711"]


def test_a_process_of_torchrun_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["2", "1", "1", "node1", "29400"]
    for name, value in zip(NAMES, values, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_NTASKS", "4")
    with distributed.rendezvous(deepspeed=False):
        assert variables() == values
    assert variables() == values


def test_a_single_process_needs_none() -> None:
    with distributed.rendezvous(deepspeed=False):
        assert variables() == [None] * 5
