"""What a training may wait for, for ever and without a word: the processes that it is one of, and the lock of an
extension that DeepSpeed compiles, which a run that was killed meanwhile has left."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from cxr_cli.errors import CxrError, library_message, note

WAIT_PATIENCE = 30.0  # seconds of waiting after which it is reported


@contextmanager
def _report_after(patience: float, text: str) -> Iterator[None]:
    """Reports what this block waits for, if it takes longer."""
    timer = Timer(patience, note, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def report_build_locks(patience: float = WAIT_PATIENCE) -> Iterator[None]:
    """In this block whoever waits for the lock of an extension says so, once on each machine."""
    from torch.utils.file_baton import FileBaton

    wait = FileBaton.wait

    def wait_and_report(self: FileBaton) -> None:
        path = self.lock_file_path
        text = f"waits for {path}: another process compiles this extension; if none does, remove that file"
        if os.environ.get("LOCAL_RANK", "0") != "0":
            wait(self)
            return
        with _report_after(patience, text):
            wait(self)

    FileBaton.wait = wait_and_report
    try:
        yield
    finally:
        FileBaton.wait = wait


@contextmanager
def report_partners(patience: float = WAIT_PATIENCE) -> Iterator[None]:
    """In this block whoever waits for the other processes of a training says so. CxrError: they did not come."""
    import torch.distributed as group

    join = group.init_process_group

    def join_and_report(*arguments: Any, **more: Any) -> None:
        variables = ("WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
        count, host, port = (os.environ.get(name, "not set") for name in variables)
        try:
            with _report_after(patience, f"waits for all {count} processes of this training at {host}:{port}"):
                join(*arguments, **more)
        except group.DistError as error:
            raise CxrError(
                f"the {count} processes of this training did not meet at {host}:{port}: {library_message(error)}"
            ) from error

    group.init_process_group = join_and_report
    try:
        yield
    finally:
        group.init_process_group = join
