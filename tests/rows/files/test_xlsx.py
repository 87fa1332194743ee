"""Excel's workbooks, made by a library that writes real ones."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cases import rows
from tests.conftest import Run

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("fastexcel")


def workbook(path: Path, *lines: list[Any]) -> None:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.create_sheet("other").append(["id"])
    book.save(path)


def test_the_first_sheet_is_read_as_csv_is(run: Run, tmp_path: Path) -> None:
    lines = [
        ["id", "report", "age", None, "taken"],
        ["007", "No edema.\nNo mass.", 55.5, None, date(2020, 1, 2)],
        [None] * 5,
        [123456789012, None, 60, None, None],
    ]
    workbook(tmp_path / "a.xlsx", *lines)
    done = run("copy", "a.xlsx")
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout) == [
        {"id": "007", "report": "No edema.\nNo mass.", "age": "55.5", "taken": "2020-01-02 00:00:00"},
        {"id": "123456789012", "report": None, "age": "60", "taken": None},
    ]


def test_a_broken_row_has_the_number_of_the_sheet(run: Run, tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", ["id", "report"], ["1", "No\nedema."], [None, "Lost."])
    done = run("copy", "a.xlsx")
    assert done.returncode == 1
    assert done.stderr == "cxr: a.xlsx:3: field `id`: missing (if it has another name: --map id=COLUMN)\n"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and so on", b"id,report\n"])
def test_no_workbook(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    done = run("copy", "a.xlsx")
    assert (done.returncode, done.stderr) == (1, "cxr: a.xlsx: not a workbook, or a damaged one\n")


def test_it_is_not_written(run: Run, tmp_path: Path) -> None:
    done = run("copy", "-o", "a.xlsx", stdin='{"id":"1"}\n')
    assert done.stderr == "cxr: a.xlsx: .xlsx is read, not written; Excel and LibreOffice open .csv\n"
    assert not [*tmp_path.iterdir()]
