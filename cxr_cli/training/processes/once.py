"""Work that is done once for all processes of a training, before they are a group."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from cxr_cli.training.processes import distributed

BEAT, SIGN_PATIENCE = 5.0, 300.0  # seconds between two signs of life, and without one after which nobody waits any more


def once_for_all(
    work: Callable[[], None],
    is_done: Callable[[], bool],
    sign: Path,
    *,
    beat: float = BEAT,
    patience: float = SIGN_PATIENCE,
) -> None:
    """Returns when the first process has done `work`. If it fails, the others exit with 1 in silence: it says why.

    sign: a file that it keeps touching meanwhile, in a folder that all of them see.
    """
    if distributed.rank():
        _wait(is_done, sign, patience)
        return
    with _signs_of_life(sign, beat):
        work()


@contextmanager
def _signs_of_life(sign: Path, beat: float) -> Iterator[None]:
    """While this block is open, the file `sign` is there, and is touched every few seconds."""
    end = Event()

    def touch() -> None:
        while not end.wait(beat):
            sign.touch()

    sign.touch()
    thread = Thread(target=touch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        sign.unlink(missing_ok=True)


def _wait(is_done: Callable[[], bool], sign: Path, patience: float) -> None:
    """`patience` is counted on this machine's clock: that of the file server may be another."""
    last, since = None, time.monotonic()
    while not is_done():
        now = sign.stat().st_mtime_ns if sign.exists() else None
        if last is not None and now is None and not is_done():
            sys.exit(1)  # the first has given up
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > patience:
            sys.exit(1)
        time.sleep(min(1.0, patience / 10))
