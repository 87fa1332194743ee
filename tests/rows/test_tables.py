"""CSV and Parquet: rows come back as they were written, and a broken row is named by its line."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxr_cli.rows.files.table_writer import widen
from tests.cases import rows
from tests.conftest import Run

CASE = {
    "id": "s1/edema",
    "report": 'FINDINGS: "Hazy" hila, mild edema;\r\nno effusion.',
    "images": ["a.png", "b.png"],
    "labels": {"edema": 1, "pneumothorax": 0, "nodule": -1, "mass": None},
    "prior": {"id": "s0", "report": None},
    "answer": "Yes",
    "steps": [
        {"text": "Look at the hila.", "kind": "plan", "evidence": []},
        {"text": "They are hazy.", "evidence": [{"start": 10, "end": 21}], "verdict": "supported", "reason": "said"},
    ],
    "support": 0.5,
    "scores": {"radrscore": 0.25, "format": None},
    "why": {"format": "no prediction"},
    "mine_too": 3,
}
OTHER = {
    "id": "s2",
    "report": None,
    "answer": ["edema", "mass"],
    "steps": ["plain text"],
    "support": None,
    "images": [],
}
LINES = "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in (CASE, OTHER))


@pytest.mark.parametrize(
    "name", ["out.parquet", "out.csv", "out.csv.gz", "out.csv.zst", "out.jsonl.gz", "out.jsonl.zst"]
)
def test_round_trip(run: Run, name: str) -> None:
    assert run("copy", "-o", name, stdin=LINES).stderr == ""
    done = run("copy", name)
    first, second = rows(done.stdout)
    if ".csv" in name:
        assert first.pop("mine_too") == "3"  # a column that is not ours stays text
        first["mine_too"] = 3
    assert first == CASE
    nulls = {"labels", "prior", "mine_too"}  # keys the row lacks, and which may be null
    assert {key: value for key, value in second.items() if key not in nulls} == OTHER
    assert all(second.get(key) is None for key in nulls)


def test_parquet_holds_lists_and_structs(run: Run, tmp_path: Path) -> None:
    one = {"id": "a", "images": ["x.png"], "labels": {"edema": 1}, "evidence": [{"start": 1, "end": 2}]}
    two = {"id": "b", "labels": {"mass": 0.5}, "odd": {}, "n": 2**63}
    run("copy", "-o", "out.parquet", stdin=f"{json.dumps(one)}\n{json.dumps(two)}\n")
    assert pl.read_parquet(tmp_path / "out.parquet").to_dicts() == [
        {
            "id": "a",
            "images": ["x.png"],
            "labels": {"edema": 1, "mass": None},
            "evidence": [{"start": 1, "end": 2}],
            "odd": None,
            "n": None,
        },
        {
            "id": "b",
            "images": None,
            "labels": {"edema": None, "mass": 0.5},
            "evidence": None,
            "odd": "{}",
            "n": "9223372036854775808",
        },
    ]


def test_foreign_parquet(run: Run, tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [1, 2, 1], "support": [0.5, float("nan"), None], "images": [["a"], None, []]})
    frame.with_columns(pl.date(2026, 1, 2).alias("day")).write_parquet(tmp_path / "study[1].parquet")
    done = run("copy", "study[1].parquet")
    assert rows(done.stdout) == [
        {"id": "1", "support": 0.5, "images": ["a"], "day": "2026-01-02"},
        {"id": "2", "support": None, "day": "2026-01-02"},
    ]
    said = "cxr: study[1].parquet:3: field `id`: doubled, first at study[1].parquet:1 (id 1)\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_csv_lines_are_the_lines_of_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b"\xef\xbb\xbfid,report\r\n"
        b'1,"two\r\nlines"\r\n'  # lines 2 and 3
        b"2,too,many\r\n"  # 4
        b"\r\n"
        b"3\r\n"  # 6
        b'4,"a\r\n\xe9"\r\n'  # 7 and 8
        b'5,"un"doubled"\r\n'  # 9
        b"6,\0\r\n"  # 10
        b"7,\r\n"  # 11
        b"7,again\r\n"  # 12
        b'8,"never closed\r\n'  # 13
    )
    done = run("copy", "a.csv", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert rows(done.stdout) == [{"id": "1", "report": "two\r\nlines"}, {"id": "7", "report": None}]
    assert (done.returncode, done.stderr) == (3, "cxr: 7 of 9 rows rejected -> bad.jsonl\n")
    quote = "broken CSV: a quote inside a cell that is not doubled, or one that is never closed"
    assert [(bad["where"], bad["reason"]) for bad in rows((tmp_path / "bad.jsonl").read_text())] == [
        ("a.csv:4", "3 cells where the header has 2"),
        ("a.csv:6", "1 cells where the header has 2"),
        ("a.csv:8", "not UTF-8 at byte 1; if Windows wrote it, `iconv -f cp1252 -t utf-8` converts the file"),
        ("a.csv:9", quote),
        ("a.csv:10", "a NUL byte; the file is damaged or not text"),
        ("a.csv:12", "field `id`: doubled, first at a.csv:11"),
        ("a.csv:13", quote),
    ]
    assert rows((tmp_path / "bad.jsonl").read_text())[2]["row"] == '4,"a\r\n\\xe9"'


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"id,report,report\n", "columns 2 and 3 have the same name: rename one of them"),
        (b"id,r\xe9port\n", "not UTF-8 at byte 5"),
        (b"id" + b",a" * 10_000 + b"\n", "10,001 columns, which are more than 10,000: is it a table of rows?"),
        (b"id" + b",a" * 100_000 + b"\n", "100,001 columns, which are more than 10,000: is it a table of rows?"),
    ],
)
def test_bad_csv_headers(run: Run, tmp_path: Path, header: bytes, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(header + b"1,x,y\n")
    done = run("copy", "a.csv", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"cxr: a.csv:1: {said}")


@pytest.mark.parametrize("text", ["", "id,report\n"])
def test_csv_of_no_rows(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert run("copy", "a.csv").stderr == "cxr: no rows in a.csv\n"


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([None], None),
        ([1, None], "int"),
        ([1, 0.5, 2], "float"),
        ([True, 1], "mixed"),
        ([1, "a"], "mixed"),
        ([[], [1]], ["int"]),
        ([[], {}], "mixed"),
        (["a", ["b"]], "mixed"),
        ([{"a": [1]}, {"b": None}, {"a": [None, 0.5]}], {"a": ["float"], "b": None}),
        ([[{"a": 1}, "b"]], ["mixed"]),
    ],
)
def test_the_shape_of_a_column(values: list[Any], shape: Any) -> None:
    known = None
    for value in values:
        known = widen(known, value)
    assert known == shape
