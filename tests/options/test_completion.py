"""What TAB completes: by click's protocol, as each shell speaks it, and with real keys in a real bash."""

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_cli.cli import COMMANDS
from tests.conftest import Cxr

HEAVY = {"cxr_cli.commands", "cxr_cli.rows", "polars", "numpy", "msgspec", "pydicom", "PIL"}


def question(shell: str, words: str, current: str) -> dict[str, str]:
    """The variables by which a shell asks."""
    return {"_CXR_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": current}


def ask(shell: str, words: str, current: str, *python: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "cxr_cli"]
    env = {**os.environ, **question(shell, words, current)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("cxr ", [f"plain,{name}" for name in COMMANDS]),
        ("cxr sc", ["plain,score"]),
        ("cxr --v", ["plain,--version"]),
        ("cxr cache i", ["plain,info"]),
        ("cxr mine --ta", ["plain,--task"]),
        ("cxr mine --show-prompt --ta", ["plain,--task"]),
        ("cxr mine --task bi", ["plain,binary"]),
        ("cxr label --set o", ["plain,openi"]),
        ("cxr label --format che", ["plain,chexpert", "plain,chexbert"]),
        ("cxr verify --judge rules,", ["plain,rules,llm"]),
        ("cxr score ans", ["file,ans"]),
        ("cxr card train=train.jsonl te", ["file,te"]),
        ("cxr view -o pa", ["file,pa"]),
        ("cxr infer -m mo", ["file,mo"]),
        ("cxr sft --eval ev", ["file,ev"]),
        ("cxr mine --apart-from te", ["file,te"]),
        ("cxr view --images fi", ["dir,fi"]),
        ("cxr scroe --ta", []),
    ],
)
def test_what_bash_is_offered(cxr: Cxr, line: str, values: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`TYPE,VALUE` each, for the last word of the line."""
    for name, value in question("bash", line, str(len(shlex.split(f"{line}.")) - 1)).items():
        monkeypatch.setenv(name, value)
    done = cxr()
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", values)


def test_zsh_and_fish_show_what_a_command_does() -> None:
    """zsh is given three lines for each: type, value, help. fish: type, comma, value, tab, help."""
    assert ask("zsh", "cxr sc", "1").stdout.splitlines() == ["plain", "score", COMMANDS["score"]]
    assert ask("fish", "cxr sc", "sc").stdout.splitlines() == [f"plain,score\t{COMMANDS['score']}"]
    assert ask("zsh", "cxr mine --task bi", "3").stdout.splitlines() == ["plain", "binary", "_"]
    assert ask("fish", "cxr mine --task bi", "bi").stdout.splitlines() == ["plain,binary"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    environment = {**os.environ, "_CXR_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "cxr_cli"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_CXR_COMPLETE={shell}_complete" in done.stdout
    if program := shutil.which(shell):
        assert subprocess.run([program, "-n"], input=done.stdout, text=True).returncode == 0


def test_to_list_the_commands_loads_none() -> None:
    done = ask("zsh", "cxr ", "1", "-X", "importtime")
    assert done.stdout.splitlines()[1::3] == list(COMMANDS)
    assert set(re.findall(r"import time:.*\|\s*(\S+)", done.stderr)).isdisjoint(HEAVY)


class Bash:
    """An interactive bash at a terminal, in a folder, with `cxr` on its path and its completion loaded."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._parent, child = pty.openpty()
        termios.tcsetwinsize(child, (24, 200))
        setup = {"PATH": path, "TERM": "dumb", "PS1": "> ", "INPUTRC": "/dev/null"}
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            env={**os.environ, **setup},
            cwd=folder,
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)
        os.set_blocking(self._parent, False)
        self.type('eval "$(_CXR_COMPLETE=bash_source cxr)"; echo rea""dy\n', "ready")

    def type(self, keys: str, until: str) -> str:
        """Presses the keys; what the terminal shows, as soon as `until` is in it or after twenty seconds."""
        os.write(self._parent, keys.encode())
        shown, end = "", time.monotonic() + 20
        while until not in shown and time.monotonic() < end:
            try:
                shown += os.read(self._parent, 4096).decode()
            except BlockingIOError:
                time.sleep(0.02)
        return shown

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._parent)


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    (tmp_path / "answers.jsonl").touch()
    (tmp_path / "films").mkdir()
    opened = Bash(tmp_path)
    yield opened
    opened.close()


def test_keys_in_bash(bash: Bash) -> None:
    for keys, whole in [
        ("cxr sc\t", "cxr score "),
        ("cxr mine --ta\t", "cxr mine --task "),
        ("cxr mine --task bi\t", "cxr mine --task binary "),
        ("cxr score an\t", "cxr score answers.jsonl "),
        ("cxr card train=an\t", "cxr card train=answers.jsonl "),
        ("cxr view --images fi\t", "cxr view --images films/"),
        ("cxr mine examples | cxr ver\t", "cxr mine examples | cxr verify "),
    ]:
        assert whole in bash.type(keys, whole)
        bash.type("\x15", "")  # Ctrl-U: the line is cleared
