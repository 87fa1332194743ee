"""The lock of an extension that DeepSpeed compiles: a run that was killed while it compiled leaves it, and each later
run would wait for ever without a word."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from cxr_cli.errors import note

LOCK_PATIENCE = 30.0  # seconds of waiting after which it is reported


@contextmanager
def report_build_locks(patience: float = LOCK_PATIENCE) -> Iterator[None]:
    """In this block whoever waits for the lock of an extension says so, once on each machine."""
    from torch.utils.file_baton import FileBaton

    wait = FileBaton.wait

    def wait_and_report(self: FileBaton) -> None:
        path = self.lock_file_path
        text = f"waits for {path}: another process compiles this extension; if none does, remove that file"
        timer = Timer(patience, note, [text])
        timer.daemon = True
        if os.environ.get("LOCAL_RANK", "0") == "0":
            timer.start()
        try:
            wait(self)
        finally:
            timer.cancel()

    FileBaton.wait = wait_and_report
    try:
        yield
    finally:
        FileBaton.wait = wait
