"""The lock of an extension of DeepSpeed that a killed run has left."""

from pathlib import Path
from threading import Timer

import pytest

from tests.conftest import needs

pytestmark = needs("train")


@pytest.mark.parametrize("rank", ["", "0", "1"])
def test_a_lock_that_stays_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rank: str
) -> None:
    """By one process of a machine."""
    from torch.utils.file_baton import FileBaton

    from cxr_cli.training.processes.build_locks import report_build_locks

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
