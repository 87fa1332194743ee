"""The variables by which the processes of a training find each other, as torch.distributed reads them."""

import os

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.training.processes import distributed
from tests.conftest import needs

NAMES = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


def variables() -> list[str | None]:
    return [os.environ.get(name) for name in NAMES]


@pytest.fixture(autouse=True)
def plain_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_LAUNCH_NODE_IPADDR"):
        monkeypatch.delenv(name, raising=False)


def test_a_task_of_srun(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rank comes from srun; what the user has set stays. After the block all is as before."""
    for name, value in {
        "SLURM_STEP_NUM_TASKS": "8",
        "SLURM_PROCID": "5",
        "SLURM_LOCALID": "1",
        "MASTER_PORT": "4711",
    }.items():
        monkeypatch.setenv(name, value)
    with distributed.rendezvous(deepspeed=False):
        assert variables() == ["8", "5", "1", "127.0.0.1", "4711"]
        assert (distributed.under_launcher(), distributed.rank()) == (True, 5)
    assert variables() == [None, None, None, None, "4711"]


def test_a_process_of_torchrun_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["2", "1", "1", "node1", "29400"]
    for name, value in zip(NAMES, values, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    with distributed.rendezvous(deepspeed=False):
        assert variables() == values
    assert variables() == values


def test_a_single_process_needs_none() -> None:
    with distributed.rendezvous(deepspeed=False):
        assert variables() == [None] * 5


@pytest.mark.parametrize("variables", [{"SLURM_NTASKS": "8"}, {"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}, {"RANK": ""}])
def test_a_shell_of_slurm_trains_alone(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """salloc and a script of sbatch say how many tasks there could be; none of them waits for the others."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (distributed.under_launcher(), distributed.rank()) == (False, 0)
    assert distributed.process_count(2, 1) == 2


@pytest.mark.parametrize("name", ["RANK", "WORLD_SIZE", "SLURM_STEP_NUM_TASKS"])
def test_a_variable_that_is_no_number(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "abc")
    with pytest.raises(CxrError, match=f"^the variable {name} is no number: unset it, or let a launcher set it$"):
        distributed.process_count(distributed.rank(), 1)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"WORLD_SIZE": "abc"}, "the variable WORLD_SIZE is no number: unset it"),
        ({"LOCAL_RANK": "x"}, "the variable LOCAL_RANK is no number: unset it"),
        ({"RANK": "1"}, "the variable WORLD_SIZE is not set, and RANK is 1: let a launcher set both"),
        ({"WORLD_SIZE": "2"}, "the variable WORLD_SIZE is 2, and RANK is not set: let a launcher set both"),
        ({"WORLD_SIZE": "2", "RANK": "5"}, "the variable WORLD_SIZE is 2, and RANK is 5: let a launcher set both"),
        ({"WORLD_SIZE": "0", "RANK": "0"}, "the variable WORLD_SIZE is 0, and RANK is 0: let a launcher set both"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "the variable WORLD_SIZE is 2, and MASTER_ADDR is not set: let a launcher"),
        ({"SLURM_STEP_NUM_TASKS": "2"}, "the variable SLURM_STEP_NUM_TASKS is 2, and SLURM_PROCID is not set: let a"),
        (
            {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "5"},
            "the variable SLURM_STEP_NUM_TASKS is 2, and SLURM_PROCID is 5: let a launcher set both",
        ),
        (
            {"ACCELERATE_USE_FSDP": "true"},
            "the variable ACCELERATE_USE_FSDP is set: `deepspeed: zero3` shares a model among processes",
        ),
    ],
)
def test_variables_that_contradict_each_other(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CxrError) as error, distributed.launcher_variables():
        pass
    assert str(error.value).startswith(words)


def test_empty_variables_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    with distributed.launcher_variables():
        assert variables() == [None] * 5
        assert (distributed.under_launcher(), distributed.rank()) == (False, 0)
    assert variables() == [""] * 5


@pytest.mark.parametrize(
    "settings", [{"WORLD_SIZE": "1"}, {"LOCAL_RANK": "0"}, {"WORLD_SIZE": "1", "RANK": "0"}], ids=str
)
def test_a_process_alone_needs_no_others(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    """Whatever a notebook or a pod has set: without an address there is nobody to meet."""
    for name, value in {**settings, "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with distributed.launcher_variables():
        assert variables() == [None] * 5
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    with distributed.launcher_variables():
        assert variables()[2] == "0"


def test_one_error_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CxrError), distributed.first_rank_reports():
        raise CxrError("no rows")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(SystemExit) as ended, distributed.first_rank_reports():
        raise CxrError("no rows")
    assert ended.value.code == 1
    with pytest.raises(KeyError), distributed.first_rank_reports():
        raise KeyError("of this process alone")


@needs("train")
def test_more_gpus_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for count, dry_run, words in [(0, False, "none"), (2, False, "2"), (2, True, "2")]:
        monkeypatch.setattr("torch.cuda.device_count", lambda count=count: count)
        with pytest.raises(CxrError, match=f"^--gpus 8: this machine has {words}$"):
            distributed.check_gpus(8, dry_run=dry_run)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    distributed.check_gpus(8, dry_run=True)  # planned on a login node
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    distributed.check_gpus(8, dry_run=False)


def test_torchrun_ends_with_the_command_that_has_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C, too: its processes would go on and write OUT."""
    calls: list[str] = []

    class Torchrun:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def terminate(self) -> None:
            calls.append("terminate")

        def wait(self) -> int:
            calls.append("wait")
            if len(calls) == 1:
                raise KeyboardInterrupt
            return 0

    monkeypatch.setattr("subprocess.Popen", Torchrun)
    with pytest.raises(KeyboardInterrupt):
        distributed.train_or_launch(lambda: None, 2, 1)
    assert calls == ["wait", "terminate", "wait"]
