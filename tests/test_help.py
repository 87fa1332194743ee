"""The help of each command begins with an example that a new user can paste."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cxr_cli.cli import COMMANDS, cxr
from tests.conftest import EXTRAS, needs

ROOT = Path(__file__).parents[1]
NEEDS = {"cxr card": "plot"}  # a command, and the extra that its example needs
MODEL = ("cxr sft", "cxr infer")  # their examples load a model: only the flags are checked
HELPS = ["cxr", *(f"cxr {name}" for name in COMMANDS), "cxr cache info", "cxr cache clear"]


def first_example(command: str) -> str:
    """Of the help: the usage, a summary in one line, and then it."""
    line = [sys.executable, "-m", "cxr_cli", *command.split()[1:], "--help"]
    help = subprocess.run(line, capture_output=True, text=True, timeout=60).stdout
    found = re.match(rf"Usage: {command} \[OPTIONS\].*\n\n  \S.*\n\n  (cxr .*)\n", help)
    assert found, help
    return found[1]


def stage_of(words: list[str]) -> click.Command:
    stage = cxr.get_command(cxr.make_context("cxr", [], resilient_parsing=True), words[1])
    assert stage is not None, words[1]
    return stage


@pytest.mark.parametrize("command", HELPS)
def test_the_example_of_a_command_is_of_that_command(command: str) -> None:
    parts = [shlex.split(part.split(">")[0]) for part in re.split(r"\||&&", first_example(command))]
    assert any(" ".join(words).startswith(command) for words in parts)
    for words in parts:
        flags = {flag for parameter in stage_of(words).params for flag in parameter.opts}
        assert {word for word in words if re.match("--?[a-z]", word)} <= flags


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[needs(NEEDS[command])] if command in NEEDS else [])
        for command in HELPS
        if command not in MODEL
    ],
)
def test_the_example_runs(command: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {first_example(command)}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "CXR_CACHE": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_extras_are_known() -> None:
    assert set(NEEDS.values()) <= EXTRAS.keys()
