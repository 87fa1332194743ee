"""Folders of reports as disks have them: names, pipes, links, folders that cannot be read, bombs."""

import gzip
import os
import socket
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.lines import LONGEST_LINE
from cxr_cli.sources.formats import folder_walk
from tests.cases import rows
from tests.conftest import Cxr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts" / "inner").mkdir(parents=True)
    (tmp_path / "texts" / "a.txt").write_text("No edema.")
    (tmp_path / "texts" / "inner" / "b.txt").write_bytes("Ödem".encode("utf-16"))
    return tmp_path / "texts"


def test_pipes_and_links_in_a_circle(cxr: Cxr, folder: Path) -> None:
    os.mkfifo(folder / "fifo.txt")
    (folder / "inner" / "up").symlink_to(folder)
    (folder / "nowhere.txt").symlink_to("gone.txt")
    (folder / "self.txt").symlink_to("self.txt")
    done = cxr("label", "texts")
    assert [(row["id"], row["report"]) for row in rows(done.stdout)] == [("a", "No edema."), ("inner/b", "Ödem")]
    notes = set(done.stderr.splitlines())
    assert notes == {
        f"cxr: texts/{name}.txt: passed over, since it is no file that can be read"
        for name in ("fifo", "nowhere", "self")
    }


def test_files_of_macos_are_passed_over(cxr: Cxr, folder: Path) -> None:
    for name in ("._a.txt", "inner/._b.txt"):
        (folder / name).write_bytes(b"\0\5\x16\7\0Mac OS X        \0")
    done = cxr("label", "texts")
    assert [row["id"] for row in rows(done.stdout)] == ["a", "inner/b"]
    assert (done.returncode, done.stderr) == (0, "cxr: texts: 2 files of macOS, named ._NAME, are passed over\n")
    (folder / "a.txt").unlink()
    (folder / "inner" / "b.txt").unlink()
    done = cxr("label", "texts")
    assert done.stderr.splitlines()[-1] == "cxr: texts: no .txt reports in this folder"


def test_a_name_that_is_not_utf_8(cxr: Cxr, folder: Path) -> None:
    (folder / os.fsdecode(b"\xe9.txt")).write_text("Edema.")
    done = cxr("label", "texts", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert (done.returncode, len(rows(done.stdout))) == (3, 2)
    stopped = cxr("label", "texts")
    assert stopped.stderr == "cxr: texts/\\udce9.txt: the name of the file is not UTF-8: rename it\n"


def test_a_folder_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test may run as root, who reads everything: the system's refusal is made up."""
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(folder_walk.os, "scandir", refuse)
    with pytest.raises(CxrError, match="inner: Permission denied: what lies in this folder would be missing"):
        list(folder_walk.files_in(folder, (".txt",)))


def test_a_bomb_of_zeros(cxr: Cxr, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.jsonl.gz", "wb") as file:
        file.write(b'{"id":"a","report":"Edema."}\n')
        for _ in range(LONGEST_LINE // 2**20 + 1):
            file.write(bytes(2**20))
    done = cxr("label", "bomb.jsonl.gz")
    assert (done.returncode, len(rows(done.stdout))) == (1, 1)
    assert done.stderr == "cxr: bomb.jsonl.gz:2: a line of more than 64 MB\n"


def test_other_things_that_are_no_files(cxr: Cxr, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.jsonl"))
        assert cxr("label", "socket.jsonl").stderr == "cxr: socket.jsonl: No such device or address\n"
    os.mkfifo(tmp_path / "fifo.parquet")
    assert cxr("label", "fifo.parquet").stderr == "cxr: fifo.parquet: this format cannot be read from a pipe\n"
