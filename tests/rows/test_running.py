"""Runs that are piped, cut short, continued, interrupted, or long."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO

import pytest

from tests.conftest import STAGES, Run

PYTHON = f"{sys.executable} {STAGES}"


def numbered(count: int) -> str:
    return "".join(f'{{"id":"{number}","report":"Clear lungs, é, {number}."}}\n' for number in range(count))


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", script.replace("cxr ", f"{PYTHON} ")]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=600, stdin=subprocess.DEVNULL)


def test_only_rows_reach_stdout(run_process: Run) -> None:
    done = run_process("noisy", stdin='{"id":"a"}\n')
    assert (done.returncode, done.stdout) == (0, '{"id":"a"}\nthe product\n')
    assert sorted(done.stderr.splitlines()) == ["noise from C", "noise from a child", "noise from print"]


@pytest.mark.parametrize("reader", ["head -n 1", "true"])
def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path, reader: str) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(20_000))
    done = shell(f"set -o pipefail; cxr copy in.jsonl | {reader}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in (numbered(1), "")
    assert shell(f"set -o pipefail; cxr copy --help | {reader}", tmp_path).stderr == ""


def test_closed_streams(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(2))
    assert shell("cxr copy in.jsonl 2>&-", tmp_path).stdout == numbered(2)
    assert shell("cxr copy <&-", tmp_path).returncode == 2
    no_stdout = shell("cxr copy in.jsonl >&-", tmp_path)
    assert (no_stdout.returncode, no_stdout.stderr) == (1, "cxr: stdout is closed: give -o FILE\n")
    assert shell("cxr copy in.jsonl -o out.jsonl >&-", tmp_path).returncode == 0
    assert (tmp_path / "out.jsonl").read_text() == numbered(2)
    full = shell("cxr copy in.jsonl > /dev/full", tmp_path)
    assert (full.returncode, full.stderr) == (1, "cxr: stdout: No space left on device\n")


def test_files_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(2))
    assert shell(
        "cxr copy <(cat in.jsonl) -o >(cat > out.txt); until [ -s out.txt ]; do sleep 0.1; done; cat out.txt", tmp_path
    ).stdout == numbered(2)


def test_rows_are_not_appended_to_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(2))
    done = shell("cxr copy in.jsonl >> in.jsonl", tmp_path)
    assert (done.returncode, done.stderr) == (1, "cxr: the output is one of the inputs\n")
    assert (tmp_path / "in.jsonl").read_text() == numbered(2)


def test_killed_and_resumed_is_as_if_never_killed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(400))
    out = tmp_path / "out.jsonl"
    command = [sys.executable, STAGES, "copy", "in.jsonl", "-o", "out.jsonl", "--wait", "0.005"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while not out.exists() or out.stat().st_size < 2000:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    killed = out.read_text()
    assert numbered(400).startswith(killed)
    assert killed.endswith("\n")
    assert 2000 <= len(killed.encode()) < len(numbered(400))
    out.write_text(killed + '{"id":"halfway","rep')  # as a machine that lost power leaves it
    assert run("copy", "in.jsonl", "-o", "out.jsonl", "--resume").stderr == ""
    assert out.read_text() == numbered(400)
    assert run("copy", "in.jsonl", "-o", "out.jsonl", "--resume").returncode == 0
    assert out.read_text() == numbered(400)


def test_resume_works_on_nothing_and_on_less_than_a_line(run: Run, tmp_path: Path) -> None:
    for start in (None, "", '{"id":"0","repo'):
        if start is not None:
            (tmp_path / "out.jsonl").write_text(start)
        assert run("copy", "-o", "out.jsonl", "--resume", stdin=numbered(3)).returncode == 0
        assert (tmp_path / "out.jsonl").read_text() == numbered(3)
        (tmp_path / "out.jsonl").unlink()


def test_resume_of_many_rows_from_one(run: Run, tmp_path: Path) -> None:
    whole = run("split", stdin=numbered(5)).stdout
    (tmp_path / "out.jsonl").write_text("".join(whole.splitlines(keepends=True)[:5]))
    assert run("split", "-o", "out.jsonl", "--resume", stdin=numbered(5)).returncode == 0
    assert (tmp_path / "out.jsonl").read_text() == whole


def test_a_row_that_was_rejected_is_tried_again(run: Run, tmp_path: Path) -> None:
    flags = ("-o", "out.jsonl", "--on-error", "skip", "--rejects", "bad.jsonl", "--resume")
    text = '{"id":"1","report":7}\n' + numbered(1)
    for _ in range(2):
        assert run("copy", *flags, stdin=text).returncode == 3
        assert (tmp_path / "out.jsonl").read_text() == numbered(1)
        assert (tmp_path / "bad.jsonl").read_text().count("\n") == 1
    assert run("copy", *flags, stdin=text.replace("7", '"x"')).returncode == 0
    assert (tmp_path / "out.jsonl").read_text() == numbered(1) + '{"id":"1","report":"x"}\n'


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.jsonl.gz", "out.parquet"])
def test_ctrl_c(run: Run, tmp_path: Path, name: str) -> None:
    command = [sys.executable, STAGES, "copy", "-o", name]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(numbered(1))
        process.stdin.flush()
        while unread(process.stdin) or (name.startswith("out.jsonl") and not list(tmp_path.iterdir())):
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "cxr: interrupted\n"
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert run("copy", name).stdout == numbered(1)


def unread(pipe: IO[str]) -> int:
    """How many bytes nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def at_a_terminal(arguments: str, folder: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr with a terminal for stdin and stderr, and a file for stdout."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 80))
    with (folder / "stdout").open("w") as out:
        command = [*PYTHON.split(), *arguments.split()]
        process = subprocess.Popen(command, cwd=folder, stdin=child, stdout=out, stderr=child)
    os.close(child)
    seen = b""
    try:
        while block := os.read(parent, 4096):
            seen += block
    except OSError:  # the other side is gone
        pass
    os.close(parent)
    return process.wait(), (folder / "stdout").read_text(), seen.decode()


def test_a_terminal_is_not_waited_for(tmp_path: Path) -> None:
    code, out, said = at_a_terminal("copy", tmp_path)
    assert (code, out) == (2, "")
    assert "No INPUT: name a file, or pipe rows in." in said
    code, out, said = at_a_terminal("studies", tmp_path)
    assert code == 0
    assert json.loads(out.splitlines()[0])["source"] == "examples"
    assert "no INPUT: reading `examples`, which comes with cxr" in said


def test_progress_is_for_terminals(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(numbered(50))
    code, out, said = at_a_terminal("copy in.jsonl", tmp_path)
    assert (code, out) == (0, numbered(50))
    assert "in.jsonl: " in said
    assert run("copy", "in.jsonl").stderr == ""


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 80,000 rows, some 130 MB, as JSONL, CSV and Parquet."""
    folder = tmp_path_factory.mktemp("long")
    with (folder / "in.jsonl").open("w") as file:
        for number in range(80_000):
            row = {"id": f"study-{number}", "report": "Clear lungs. " * 125, "labels": {"edema": 0}}
            file.write(json.dumps(row) + "\n")
    assert shell("cxr copy in.jsonl -o in.csv && cxr copy in.jsonl -o in.parquet", folder).returncode == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "cxr peak {} < in.jsonl | cat > /dev/null",
        "cxr peak {} in.csv > /dev/null",
        "cxr peak {} in.parquet > /dev/null",
        "cxr peak {} -o out.jsonl.gz < in.jsonl",
        "cxr peak {} -o out.csv < in.jsonl",
        "cxr peak {} -o out.parquet < in.jsonl",
    ],
)
def test_memory_is_flat(long: Path, script: str) -> None:
    """The last 60,000 rows, 98 MB of text, cost less than half of that; polars varies by some 15 MB."""

    def peak(flags: str) -> int:
        done = shell(f"set -o pipefail; {script.format(flags)}", long)
        assert (done.returncode, done.stderr[:5]) == (0, "peak ")
        return int(done.stderr.split()[1])

    few, all_ = peak("--limit 20000"), peak("--overwrite")
    assert all_ - few < 49
