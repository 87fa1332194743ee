"""JSONL as it comes: marks of joined files, blanks, doubled keys in every disguise."""

from pathlib import Path

import pytest

from tests.cases import rows
from tests.conftest import Run

BOM = "\ufeff"


@pytest.mark.parametrize(
    "line",
    [
        '{"id":"1","x":{"a":":"}}',
        ' {"id" : "1", "x": {"a" :":"} } \t',
        BOM + '{"id":"1","x":{"a":":"}}\r',
        '{"\\u0069d":"1","x":{"\\u0061":"\\u003a"}}',
    ],
)
def test_rows_are_read(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"\n{line}\n \n")
    done = run("copy", "a.jsonl")
    assert (done.stdout, done.stderr) == ('{"id":"1","x":{"a":":"}}\n', "")


def test_joined_files_with_marks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(f'{BOM}{{"id":"1"}}\n{BOM}{{"id":"2"}}\n{BOM}\n{{"id":"3"}}')
    assert [row["id"] for row in rows(run("copy", "a.jsonl").stdout)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "line",
    [
        '{"id":"1","id":"2"}',
        '{"id":"1","x":{"y":1,"y":1}}',
        '{"id":"1","x":[{"y":1},{"y":1,"y":2}]}',
        '{ "id" : "1" , "x" : 1 , "x" : 2 }',
        '{"id":"1","x":1,"\\u0078":2}',
        '{"id":"1","\\u003a":0,"x":1,"x":2}',
        '{"id":"1","y":":","x":1,"x":2}',
        BOM + '{"id":"1","id":"2"}',
    ],
)
def test_a_key_that_occurs_twice(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"{line}\n")
    assert run("copy", "a.jsonl").stderr == "cxr: a.jsonl:1: a key occurs twice in one object\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("17", "not a row: a row is one JSON object, {...}, on a line"),
        ("null", "not a row: a row is one JSON object, {...}, on a line"),
        ("[{}]", "not a row: a row is one JSON object, {...}, on a line"),
        (BOM + '"a"', "not a row: a row is one JSON object, {...}, on a line"),
        (BOM + '{"id":', "broken JSON: the line ends in the middle of the row"),
        ('{"id":"1"} {"id":"2"}', "broken JSON at byte 13"),
    ],
)
def test_lines_that_are_no_rows(run: Run, tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"{line}\n")
    assert run("copy", "a.jsonl").stderr == f"cxr: a.jsonl:1: {reason}\n"
