"""Every command that the README and its pages show is run: console blocks give what they show, flags are real."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cxr_cli.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "examples").glob("*.md"))}


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.S)


CONSOLE = blocks(README, "console")
SHELL = [line for text in (README, *PAGES.values()) for block in blocks(text, "sh") for line in block.splitlines()]


def commands(block: str) -> list[tuple[str, str]]:
    """(command, what it prints) for each line that begins with "$ "."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def check(block: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for command, expected in commands(block):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.stdout == expected, command


@pytest.mark.parametrize("block", CONSOLE, ids=[commands(block)[0][0][:50] for block in CONSOLE])
def test_console_block(block: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    check(block, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_page_of_the_examples(page: str, tmp_path: Path) -> None:
    """Its blocks go on from one another."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for block in blocks(PAGES[page], "console"):
        check(block, tmp_path)
    assert f"(examples/{page})" in README
    here = (ROOT / "examples" / link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page]))
    assert [link for link in here if not link.exists()] == []


@pytest.mark.parametrize("line", [line for line in SHELL if "cxr " in line])
def test_shell_line_has_flags_that_exist(line: str) -> None:
    from cxr_cli.cli import cxr

    for part in re.split(r"\||;", line.split("#")[0]):
        words = shlex.split(part.split(">")[0])
        if words and words[0] == "cxr":
            command = cxr.commands.get(words[1]) or cxr.get_command(None, words[1])  # type: ignore[arg-type]
            assert command is not None, words[1]
            known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in words if word.startswith("-")} <= known


def test_every_stage_is_in_the_readme() -> None:
    assert [name for name in COMMANDS if f"`cxr {name}`" not in README] == []
