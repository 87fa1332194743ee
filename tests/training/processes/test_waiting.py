"""The lock of an extension of DeepSpeed that a killed run has left, and processes that do not come."""

import time
from pathlib import Path
from threading import Timer

import pytest

from cxr_cli.errors import CxrError
from tests.conftest import needs

pytestmark = needs("train")


@pytest.mark.parametrize("rank", ["", "0", "1"])
def test_a_lock_that_stays_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rank: str
) -> None:
    """By one process of a machine."""
    from torch.utils.file_baton import FileBaton

    from cxr_cli.training.processes.waiting import report_build_locks

    if rank:
        monkeypatch.setenv("LOCAL_RANK", rank)
    lock, wait = tmp_path / "lock", FileBaton.wait
    lock.touch()
    with report_build_locks(patience=0.2):
        Timer(0.6, lock.unlink).start()
        FileBaton(str(lock)).wait()
        line = f"cxr: waits for {lock}: another process compiles this extension; if none does, remove that file\n"
        assert capsys.readouterr().err == ("" if rank == "1" else line)
        lock.touch()
        Timer(0.05, lock.unlink).start()
        FileBaton(str(lock)).wait()
    assert capsys.readouterr().err == ""
    assert FileBaton.wait is wait


def test_processes_that_do_not_come_are_waited_for_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch.distributed as group

    from cxr_cli.training.processes.waiting import report_partners

    def wait(timeout: float) -> None:
        time.sleep(timeout)
        raise group.DistNetworkError("timed out after\n600 s")

    monkeypatch.setattr(group, "init_process_group", wait)
    for name, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "node-1", "MASTER_PORT": "29500"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CxrError) as error, report_partners(patience=0.1):
        group.init_process_group(timeout=0.3)
    words = "the 2 processes of this training did not meet at node-1:29500: timed out after 600 s"
    assert str(error.value) == words
    assert capsys.readouterr().err == "cxr: waits for all 2 processes of this training at node-1:29500\n"
    assert group.init_process_group is wait
