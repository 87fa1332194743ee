"""The help of each command: a summary, an example that a new user can paste, and a line for each flag."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest

from cxr_cli.cli import COMMANDS, cxr
from tests.conftest import EXTRAS, needs

ROOT = Path(__file__).parents[2]
NEEDS = {"cxr card": "plot"}  # a command, and the extra that its example needs
MODEL = ("cxr sft", "cxr infer")  # their examples load a model
HELPS = ["cxr", *(f"cxr {name}" for name in COMMANDS), "cxr cache info", "cxr cache clear"]


@cache
def help_of(command: str) -> str:
    line = [sys.executable, "-m", "cxr_cli", *command.split()[1:], "--help"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def first_example(command: str) -> str:
    """Of the help: the usage, a summary in one line, and then it."""
    help = help_of(command)
    found = re.match(rf"Usage: {command} \[OPTIONS\].*\n\n  \S.*\n\n  (cxr .*)\n", help)
    assert found, help
    return found[1]


def stage_of(name: str) -> click.Command:
    stage = cxr.get_command(cxr.make_context("cxr", [], resilient_parsing=True), name)
    assert stage is not None, name
    return stage


@pytest.mark.parametrize("name", COMMANDS)
def test_each_flag_has_help(name: str) -> None:
    stage = stage_of(name)
    assert len((stage.help or "").strip()) > 40
    for parameter in stage.params:
        assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), parameter.name
    assert help_of(f"cxr {name}").startswith(f"Usage: cxr {name}")


@pytest.mark.parametrize("command", HELPS)
def test_the_example_of_a_command_is_of_that_command(command: str) -> None:
    parts = [shlex.split(part.split(">")[0]) for part in re.split(r"\||&&", first_example(command))]
    assert any(" ".join(words).startswith(command) for words in parts)
    for words in parts:
        flags = {flag for parameter in stage_of(words[1]).params for flag in parameter.opts}
        assert {word for word in words if re.match("--?[a-z]", word)} <= flags


def run(example: str, folder: Path) -> None:
    """As it is pasted into a shell, in a folder with `examples/`, as a clone has it."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {example}"],
        cwd=folder,
        env={**os.environ, "PATH": path, "CXR_CACHE": str(folder / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[needs(NEEDS[command])] if command in NEEDS else [])
        for command in HELPS
        if command not in MODEL
    ],
)
def test_the_example_runs(command: str, tmp_path: Path) -> None:
    run(first_example(command), tmp_path)


@pytest.mark.slow
@needs("train")
@pytest.mark.parametrize("command", MODEL)
def test_the_example_runs_with_a_tiny_model(command: str, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    example, models = re.subn(r"(?<= -m )\S+", str(tiny_models["qwen2_vl"]), first_example(command))
    assert models == 1
    run(example, tmp_path)


def test_extras_are_known() -> None:
    assert set(NEEDS.values()) <= EXTRAS.keys()
