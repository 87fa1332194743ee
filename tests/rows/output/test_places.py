"""Where a file goes: through links, into pipes, onto a full disk."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Cxr, Run, Tool
from tests.rows.test_running import numbered

ROW = '{"id":"a","report":"No edema.","question":"Edema?","answer":"No","steps":["No edema."]}\n'


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.jsonl.gz", "out.parquet", "out.arrow", "out.tsv.zst"])
def test_a_link_stays_a_link(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "far").mkdir()
    place = tmp_path / "far" / name
    (tmp_path / name).symlink_to(place)
    assert run("copy", "-o", name, stdin=numbered(2)).stderr == f"cxr: {name} is a link to nothing\n"
    place.touch(0o640)
    place.chmod(0o640)
    for number, flag in ((2, "--overwrite"), (3, "--overwrite"), (4, "--resume")):
        if flag == "--resume" and name != "out.jsonl":
            continue
        assert run("copy", "-o", name, flag, stdin=numbered(number)).stderr == ""
        assert run("copy", place).stdout == numbered(number)
        assert (tmp_path / name).is_symlink()
        assert place.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(["far", name, name])


def test_rows_that_are_asked_again_leave_a_link(tmp_path: Path) -> None:
    from cxr_cli.rows.output.resume import finished_rows

    (tmp_path / "place.jsonl").write_text('{"id":"a"}\n{"id":"b"}\n')
    (tmp_path / "out.jsonl").symlink_to("place.jsonl")
    failure = {"a": "engine: refused", "b": None}
    assert [*finished_rows(tmp_path / "out.jsonl", is_retry=lambda row: failure[row["id"]])] == [{"id": "b"}]
    assert (tmp_path / "out.jsonl").is_symlink()
    assert (tmp_path / "place.jsonl").read_text() == '{"id":"b"}\n'


def test_a_page_through_a_link(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(ROW)
    (tmp_path / "place.html").write_text("old")
    (tmp_path / "out.html").symlink_to("place.html")
    assert tool("view", "in.jsonl", "-o", "out.html").err == "cxr: out.html exists: --overwrite replaces it\n"
    assert tool("view", "in.jsonl", "-o", "out.html", "--overwrite").code == 0
    assert (tmp_path / "out.html").is_symlink()
    assert "No edema." in (tmp_path / "place.html").read_text()


@pytest.mark.parametrize("name", ["/dev/stdout", "-"])
def test_a_page_to_standard_output(cxr_process: Cxr, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.jsonl").write_text(ROW)
    done = cxr_process("view", "in.jsonl", "-o", name)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stdout.startswith("<!doctype html>")
    assert done.stdout.rstrip().endswith("</html>")
    assert "No edema." in done.stdout


def test_a_page_into_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(ROW)
    os.mkfifo(tmp_path / "page")
    command = [sys.executable, "-m", "cxr_cli", "view", "in.jsonl", "-o", "page"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as writer:
        page = (tmp_path / "page").read_text()
        assert writer.stderr
        assert writer.stderr.read().count("\n") == 1
    assert writer.returncode == 0
    assert page.rstrip().endswith("</html>")
    assert (tmp_path / "page").is_fifo()


FULL = {  # a command, and the file that its error names
    "view": (["view", "in.jsonl", "-o", "page.html"], "page.html"),
    "card": (["card", "test=in.jsonl", "-o", "card"], "card/"),
    "phantom": (["phantom", "-n", "1", "--size", "64", "-o", "out"], "out/images/"),
    "phantom in PNG": (["phantom", "-n", "1", "--size", "64", "--format", "png", "-o", "out"], "out/images/"),
    "mine": (["mine", "in.jsonl", "-o", "out.jsonl"], "out.jsonl"),
    "plots": (["score", "in.jsonl", "--plot", "plots"], "plots"),
}


@pytest.mark.parametrize("name", FULL)
def test_an_error_of_a_full_disk_names_the_file(
    tool: Tool, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the size of files stands in for the disk. Python would leave half of a module's bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    if name == "plots":
        pytest.importorskip("matplotlib.pyplot")
    (tmp_path / "in.jsonl").write_text(ROW.replace('"steps"', '"prediction":"No","steps"'))
    arguments, place = FULL[name]
    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, old[1]))
    try:
        done = tool(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert done.code == 1
    *_, error = done.err.splitlines()
    assert error.startswith(f"cxr: {place}")
    assert "File too large" in error
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".cxr-part"]
