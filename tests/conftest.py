"""`run("copy", "a.jsonl")` runs a stage of tests/stages.py as a process, in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

STAGES = Path(__file__).with_name("stages.py")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_stage(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, str(STAGES), *map(str, arguments)]
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, timeout=120)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_stage


Cxr = Run


@pytest.fixture
def cxr(tmp_path: Path) -> Cxr:
    """`cxr("mine", "a.jsonl")` runs the tool itself, in a folder of its own."""

    def run_cxr(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, "-m", "cxr_cli", *map(str, arguments)]
        env = {**os.environ, "CXR_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, timeout=120, env=env)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_cxr
