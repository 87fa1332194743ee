"""Kills the processes of an engine when this process has ended, even by kill -9: they would keep the GPU."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cxr_cli.environment import environment

_WATCH = """
import os, pathlib, signal, sys
sys.stdin.read()  # until the parent closes it or has ended
mark = sys.argv[1].encode()
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        if mark in (process / "environ").read_bytes().split(bytes(1)):
            os.kill(int(process.name), signal.SIGKILL)
    except OSError:
        pass
"""


class OrphanWatch:
    """Kills what was started under `mark_children` when this process ends or calls `kill`. Linux only."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        watch = [sys.executable, "-c", _WATCH, f"CXR_ENGINE={self._mark}"]
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(watch, stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True)

    @contextmanager
    def mark_children(self) -> Iterator[None]:
        """Processes started in this block, and their children, get the mark as an environment variable."""
        # Without SPT_NOENV setproctitle, which vLLM uses, would write over the environment in /proc.
        with environment({"CXR_ENGINE": self._mark, "SPT_NOENV": "1"}, override=True):
            yield

    def kill(self) -> None:
        """Kills the marked processes that still run."""
        self._process.communicate()
