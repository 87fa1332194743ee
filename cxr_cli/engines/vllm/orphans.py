"""Ends processes whose parent has ended, even by kill -9: an engine's would keep the GPU."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_WATCH = """
import os, pathlib, signal, sys
sys.stdin.read()  # until the parent closes it, or is no more
mark = sys.argv[1].encode()
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        if mark in (process / "environ").read_bytes().split(bytes(1)):
            os.kill(int(process.name), signal.SIGKILL)
    except OSError:
        pass
"""


class OrphanWatch:
    """Watches this process, and kills what was started under `marks` when it ends or calls `reap`. Linux only."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        watch = [sys.executable, "-c", _WATCH, f"CXR_ENGINE={self._mark}"]
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(watch, stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True)

    @contextmanager
    def marks(self) -> Iterator[None]:
        """What is started in this block, and what that starts, is marked by a variable in its environment."""
        # setproctitle, which vLLM uses, would write over the environment that others see.
        os.environ |= {"CXR_ENGINE": self._mark, "SPT_NOENV": "1"}
        try:
            yield
        finally:
            del os.environ["CXR_ENGINE"]

    def reap(self) -> None:
        """Kills what is still there."""
        self._process.communicate()
