"""CSV and Parquet: rows come back as they were written, and a broken row is named by its line."""

import csv
import gzip
import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cxr_cli.rows.files.csv_format import csv_line
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


TABLE = "id;report\n1;Hazy, é\n2;\n"
ROWS = [{"id": "1", "report": "Hazy, é"}, {"id": "2", "report": None}]


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.replace(";", "\t").encode(),
        TABLE.replace(";", "|").encode(),
        b"sep=;\r\n" + TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        TABLE.encode("utf-32"),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("\n", "\r\n").encode("utf-16"),
        b"\n ;\n\n" + TABLE.encode(),
        b"id;report;;\n1;Hazy, \xc3\xa9;;\n2;;;\n",
    ],
)
def test_separators_and_encodings(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    done = run("copy", "a.csv")
    assert (done.stderr, rows(done.stdout)) == ("", ROWS)
    (tmp_path / "b.jsonl").write_bytes(done.stdout.encode("utf-16"))  # as PowerShell writes it
    assert rows(run("copy", "b.jsonl").stdout) == ROWS


def test_a_column_without_a_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",id,report,\n0,1,x,\n1,2,y,z\n")
    assert rows(run("copy", "a.csv").stdout) == [
        {"column 1": "0", "id": "1", "report": "x"},
        {"column 1": "1", "id": "2", "report": "y", "column 4": "z"},
    ]


def test_a_decimal_comma(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;support\n1;0,5\n2;1,0\n3;0,125\n4;1,234\n")
    done = run("copy", "a.csv", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["support"] for row in rows(done.stdout)] == [0.5, 1.0, 0.125]
    assert "field `support`" in (tmp_path / "bad.jsonl").read_text()  # a thousand, or one and a bit?


def test_no_cell_is_a_formula_and_all_are_read_back(run: Run, tmp_path: Path) -> None:
    texts = ["=1+1", "+1+1", "- No edema.", "@x", "'=x", "'tis", "-5", "+1.5e3", "\t=1", "-", "it's -1"]
    lines = "".join(json.dumps({"id": f"={n}", "report": text, "x": -n}) + "\n" for n, text in enumerate(texts))
    for name in ("out.csv", "out.tsv", "out.csv.gz"):
        assert run("copy", "-o", name, stdin=lines).returncode == 0
        assert [row["report"] for row in rows(run("copy", name).stdout)] == texts
    written = list(csv.reader((tmp_path / "out.csv").open(newline="")))
    computed = [cell for row in written for cell in row if cell[:1] in "=@\t" or re.match(r"[+-](?![\d.e]*$)", cell)]
    assert computed == []
    assert written[1] == ["'=0", "'=1+1", "0"]
    assert csv_line(["=1", -1, "-1", "-x"]) == "'=1,-1,-1,'-x"


@pytest.mark.parametrize("name", ["out.tsv", "out.tsv.zst", "out.arrow", "out.ndjson"])
def test_other_formats(run: Run, name: str) -> None:
    assert run("copy", "-o", name, stdin='{"id":"a","report":"x\\ty","images":["1.png"]}\n').stderr == ""
    assert rows(run("copy", name).stdout) == [{"id": "a", "report": "x\ty", "images": ["1.png"]}]


def test_a_header_that_is_a_report_is_not_quoted(run: Run, tmp_path: Path) -> None:
    for header in ("No acute disease,Normal", "Small left effusion", "Edema", "fluid,lungs"):
        (tmp_path / "a.csv").write_text(f"{header}\nx{',y' * header.count(',')}\n")
        done = run("copy", "a.csv", "--map", "id=uid")
        assert done.stderr == "cxr: --map: a.csv has no column `uid`: does its first line hold the names?\n"
    (tmp_path / "a.csv").write_text("report," + ",".join(f"c{n}" for n in range(500)) + "\n" + "," * 500 + "\n")
    done = run("copy", "a.csv", "--map", "id=uid")
    assert done.stderr.endswith("c17, c18 and 481 more\n")


def test_columns_of_other_programs(run: Run, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [b"a", b"b"],
            "price": [Decimal("1.50"), Decimal("0.1234567890123456789012")],
            "bytes": [b"\xff", None],
            "when": [datetime(2026, 1, 2, 3, 4, 5), None],
            "took": [timedelta(minutes=90), None],
            "deep": [[{"day": date(2026, 1, 2), "n": float("nan")}], []],
            "support": [float("nan"), float("-inf")],
        }
    ).with_columns(kind=pl.lit("x").cast(pl.Categorical), zone=pl.col("when").dt.replace_time_zone("Europe/Berlin"))
    frame.write_parquet(tmp_path / "a.parquet")
    done = run("copy", "a.parquet")
    assert done.stdout == (
        '{"id":"a","price":1.5,"bytes":"/w==","when":"2026-01-02T03:04:05","took":"PT5400S",'
        '"deep":[{"day":"2026-01-02","n":null}],"support":null,"kind":"x","zone":"2026-01-02T03:04:05+01:00"}\n'
        '{"id":"b","price":0.1234567890123456789012,"bytes":null,"when":null,"took":null,'
        '"deep":[],"support":null,"kind":"x","zone":null}\n'
    )
    assert done.stderr == "cxr: a.parquet: 3 numbers are NaN or infinite; they are read as null\n"


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("us"), pl.Datetime("ms"), pl.Duration("ms"), "nested"])
def test_times_out_of_range(run: Run, tmp_path: Path, kind: Any) -> None:
    column = pl.col("t").cast(pl.Date if kind == "nested" else kind)
    counts = pl.DataFrame({"id": ["a", "b"], "t": [2**31 - 1 if kind in (pl.Date, "nested") else 2**62, 0]})
    frame = counts.with_columns(pl.col("t").cast(pl.Int32) if kind in (pl.Date, "nested") else "t").with_columns(column)
    frame = frame.with_columns(t=pl.concat_list("t")) if kind == "nested" else frame
    frame.write_parquet(tmp_path / "a.parquet")
    done = run("copy", "a.parquet", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert ([row["id"] for row in rows(done.stdout)], done.returncode) == (["b"], 3)
    assert done.stderr == "cxr: 1 of 2 rows rejected -> bad.jsonl\n"
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["reason"] == "column 2: a time out of range"


def test_a_partitioned_folder(run: Run, tmp_path: Path) -> None:
    for split in ("test", "train"):
        (tmp_path / "data" / f"split={split}").mkdir(parents=True)
        pl.DataFrame({"id": [f"{split}1"]}).write_parquet(tmp_path / "data" / f"split={split}" / "0.parquet")
    found = [(row["id"], row["split"]) for row in rows(run("copy", "data").stdout)]
    assert sorted(found) == [("test1", "test"), ("train1", "train")]


def test_a_folder_whose_files_name_their_splits(run: Run, tmp_path: Path) -> None:
    """As on Hugging Face; a column `split` goes before the names."""
    (tmp_path / "set/data").mkdir(parents=True)
    for split in ("test", "train"):
        pl.DataFrame({"id": [f"{split}1"]}).write_parquet(tmp_path / f"set/data/{split}-00000-of-00001-a1.parquet")
    assert [row["split"] for row in rows(run("copy", "set").stdout)] == ["test", "train"]
    assert [row["id"] for row in rows(run("copy", "set", "--split", "test").stdout)] == ["test1"]
    (tmp_path / "own").mkdir()
    pl.DataFrame({"id": ["1"], "split": ["mine"]}).write_parquet(tmp_path / "own/test-00000-of-00001.parquet")
    assert [row["split"] for row in rows(run("copy", "own").stdout)] == ["mine"]


def test_an_arrow_stream_is_named(run: Run, tmp_path: Path) -> None:
    """`datasets` saves such files under the suffix of others."""
    pl.DataFrame({"id": ["1"]}).write_ipc_stream(tmp_path / "a.arrow")
    reason = "an Arrow stream, as `datasets` saves; write a file with its `to_parquet`"
    assert run("copy", "a.arrow").stderr == f"cxr: a.arrow: {reason}\n"


def test_blanks_around_the_names_of_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(" id , report\n1,Hazy\n")
    assert run("copy", "a.csv").stdout == '{"id":"1","report":"Hazy"}\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("id,report\n1,a,\n", ":2: 3 cells where the header has 2: take away the separator at the end of the row"),
        ("id,report\n1,a,,\n", ":2: 4 cells where the header has 2: take away the separator at the end of the row"),
        ("id,report\n1,a,b\n", ":2: 3 cells where the header has 2"),
        ("id,report\n1\n", ":2: 1 cells where the header has 2"),
        ("ID,report\n1,a\n", ":2: field `id`: missing (if it has another name: --map id=ID)"),
        ("Id;report\n1;a\n", ":2: field `id`: missing (if it has another name: --map id=Id)"),
    ],
)
def test_what_a_csv_needs_is_said(run: Run, tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert run("copy", "a.csv").stderr == f"cxr: a.csv{error}\n"


@pytest.mark.parametrize("damage", [b"trailing junk", b"\0\0junk", None], ids=["junk", "zeros and junk", "checksum"])
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz"])
def test_good_rows_before_damage_of_gzip_are_kept(run: Run, tmp_path: Path, name: str, damage: bytes | None) -> None:
    data = b"id,report\n1,a\n2,b\n" if "csv" in name else b'{"id":"1","report":"a"}\n{"id":"2","report":"b"}\n'
    packed = bytearray(gzip.compress(data) + (damage or b""))
    if damage is None:
        packed[-6] ^= 1
    (tmp_path / name).write_bytes(packed)
    done = run("copy", name, "-o", "out.jsonl")
    lines = data.count(b"\n")
    assert (done.returncode, done.stderr) == (1, f"cxr: {name}: the compressed data break off after line {lines}\n")
    assert [row["id"] for row in rows((tmp_path / "out.jsonl").read_text())] == ["1", "2"]


@pytest.mark.parametrize("command", ["copy", "studies"])
def test_an_empty_name_is_not_the_current_folder(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "a.txt").write_text("No edema.")
    done = run(command, "")
    assert done.stdout == ""
    assert done.stderr == "cxr: the name of an input is empty: is a variable of the shell not set?\n"
