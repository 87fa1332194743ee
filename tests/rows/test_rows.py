"""Rows in, rows out, from the command line: arguments, output, messages."""

import gzip
import json
from pathlib import Path

import pytest

from cxr_cli.records import Case
from cxr_cli.rows.validation import check_and_clean
from tests.cases import rows
from tests.conftest import Run

GOOD = '{"id":"a","report":"Clear lungs."}\n{"id":"b","report":null}\n'
SECRET = "Mrs Smith has a nodule"


def test_unknown_keys_pass_through_in_order(run: Run) -> None:
    line = '{"z":[1,{"y":null}],"id":"é","n":1.5,"big":123456789012345678901234567890,"report":"ä\\n"}\n'
    assert run("copy", stdin=line).stdout == line


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        "\n" + GOOD.replace("\n", "\n  \n"),
        GOOD.removesuffix("\n"),
    ],
    ids=["crlf", "bom", "blank lines", "no newline at the end"],
)
def test_forms_of_lines(run: Run, text: str) -> None:
    done = run("copy", stdin=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, GOOD, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"report":"x"}', "field `id`: missing"),
        ('{"id":""}', "field `id`: empty"),
        ('{"id":null}', "field `id`: expected a string, got null"),
        ('{"id":"s","report":["' + SECRET + '"]}', "field `report`: expected a string or null, got a list (id s)"),
        ('{"id":"s","steps":[{"text":7}]}', "field `steps[0].text`: expected a string, got a whole number (id s)"),
        ('{"id":"s","steps":[{"kind":"plan"}]}', "field `steps[0].text`: missing (id s)"),
        ('{"id":"s","steps":[3]}', "field `steps[0]`: expected a string or an object, got a whole number (id s)"),
        (
            '{"id":"s","steps":[{"text":"t","kind":"' + SECRET + '"}]}',
            "field `steps[0].kind`: not one of conclude, observe, plan (id s)",
        ),
        (
            '{"id":"s","labels":{"' + SECRET + '":"x"}}',
            "field `labels[...]`: expected a number or null, got a string (id s)",
        ),
        ('{"id":"s","answer":{"a":4}}', "field `answer`: expected a string, a list or null, got an object (id s)"),
        ('["' + SECRET + '"]', "not a row: a row is one JSON object, {...}, on a line"),
        ("null", "not a row: a row is one JSON object, {...}, on a line"),
        ('{"id":"s","report":"' + SECRET, "broken JSON: the line ends in the middle of the row"),
        ('{"id":"s","report":' + SECRET + "}", "broken JSON at byte 20"),
        ('{"id":"s"} {"id":"t"}', "broken JSON at byte 13"),
        ('{"id":"s","support":NaN}', "broken JSON at byte 21: NaN and Infinity are not JSON; write null"),
        ('{"id":"s","support":-Infinity}', "broken JSON at byte 22: NaN and Infinity are not JSON; write null"),
        ('{"id":"s","report":"\0"}', "a NUL byte; the file is damaged or not text"),
        ("id,report", "not a row: a row is one JSON object, {...}, on a line"),
    ],
)
def test_a_broken_row_is_named_without_its_text(run: Run, line: str, reason: str) -> None:
    done = run("copy", stdin=f"{GOOD}\n{line}\n" + '{"id":"z"}\n')
    assert done.stdout == GOOD
    assert done.stderr == f"cxr: stdin:4: {reason}\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            '{"id":"s","report":"dépression"}\n'.encode("latin-1"),
            "not UTF-8 at byte 22; if Windows wrote it, `iconv -f cp1252 -t utf-8`",
        ),
        (gzip.compress(GOOD.encode()), "compressed data; unpack it first with `zcat`"),
        (b"PAR1\x15\x04\n", "Parquet, which cannot be read from a pipe; give its path"),
        (b'{"id":"s","report":"Cle', "broken JSON: the file ends in the middle of the row"),
    ],
    ids=["latin-1", "gzip", "parquet", "cut off"],
)
def test_bytes_that_are_not_rows(run: Run, data: bytes, reason: str) -> None:
    done = run("copy", stdin=data)
    assert done.stderr.startswith(f"cxr: stdin:1: {reason}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_skip_sends_the_broken_to_rejects_and_goes_on(run: Run, tmp_path: Path) -> None:
    text = '{"id":"a"}\n{"id":"a","n":2}\n{"id":3,"report":7}\n{"id":"b","report":"SECRET\n\n{"id":"c"}\n{"id":"é"}\n'
    text = text.replace("SECRET", SECRET)
    done = run("copy", "--on-error", "skip", "--rejects", "bad.jsonl", stdin=text.encode("latin-1"))
    assert done.stdout == '{"id":"a"}\n{"id":"c"}\n'
    assert done.stderr == "cxr: 4 of 6 rows rejected -> bad.jsonl\n"
    assert done.returncode == 3
    assert rows((tmp_path / "bad.jsonl").read_text()) == [
        {"where": "stdin:2", "id": "a", "reason": "field `id`: doubled, first at stdin:1", "row": {"id": "a", "n": 2}},
        {
            "where": "stdin:3",
            "id": "3",
            "reason": "field `report`: expected a string or null, got a whole number",
            "row": {"id": 3, "report": 7},
        },
        {
            "where": "stdin:4",
            "id": None,
            "reason": "broken JSON: the line ends in the middle of the row",
            "row": f'{{"id":"b","report":"{SECRET}',
        },
        {
            "where": "stdin:7",
            "id": None,
            "reason": "not UTF-8 at byte 8; if Windows wrote it, `iconv -f cp1252 -t utf-8` converts the file",
            "row": '{"id":"\\xe9"}',
        },
    ]


def test_nothing_rejected_leaves_empty_rejects(run: Run, tmp_path: Path) -> None:
    done = run("copy", "--on-error", "skip", "--rejects", "bad.jsonl", stdin=GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, GOOD, "")
    assert (tmp_path / "bad.jsonl").read_text() == ""


def test_doubled_ids_are_found_across_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"id":"5"}\n{"id":"6"}\n')
    (tmp_path / "two.jsonl").write_text('{"id":"7"}\n{"id":5}\n')
    done = run("copy", "one.jsonl", "two.jsonl")
    assert done.stdout == '{"id":"5"}\n{"id":"6"}\n{"id":"7"}\n'
    assert done.stderr == "cxr: two.jsonl:2: field `id`: doubled, first at one.jsonl:1 (id 5)\n"


def test_a_stage_refuses_a_row_and_writes_nothing_of_it(run: Run, tmp_path: Path) -> None:
    done = run("split", "--on-error", "skip", "--rejects", "bad.jsonl", stdin=GOOD + '{"id":"c","report":"x"}\n')
    assert [row["id"] for row in rows(done.stdout)] == ["a/a", "a/b", "c/a", "c/b"]
    assert done.returncode == 3
    assert rows((tmp_path / "bad.jsonl").read_text()) == [
        {"where": "stdin:2", "id": "b", "reason": "no report to split", "row": {"id": "b", "report": None}}
    ]
    stopped = run("split", stdin=GOOD)
    assert (stopped.returncode, stopped.stderr) == (1, "cxr: stdin:2: no report to split (id b)\n")
    assert stopped.stdout == '{"id":"a/a"}\n{"id":"a/b"}\n'


def test_a_stage_over_the_whole_stream_refuses_a_row(run: Run, tmp_path: Path) -> None:
    text = GOOD + '{"id":"c","report":"x"}\n'
    done = run("backwards", "--on-error", "skip", "--rejects", "bad.jsonl", stdin=text)
    assert [row["id"] for row in rows(done.stdout)] == ["c", "a"]
    assert (done.returncode, done.stderr) == (3, "cxr: 1 of 3 rows rejected -> bad.jsonl\n")
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["where"] == "stdin:2"
    assert run("backwards", stdin=text).stderr == "cxr: stdin:2: no report (id b)\n"


@pytest.mark.parametrize("empty", ["", "\n\n"])
def test_no_rows(run: Run, empty: str) -> None:
    done = run("copy", stdin=empty)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "cxr: no rows in stdin\n")


@pytest.mark.parametrize(
    "name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.csv", "out.csv.zst", "out.parquet"]
)
def test_empty_outputs_can_be_read(run: Run, tmp_path: Path, name: str) -> None:
    assert run("copy", "-o", name).returncode == 0
    done = run("copy", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"cxr: no rows in {name}\n")


def test_a_dash_is_stdout(run: Run) -> None:
    assert run("copy", "-", "-o", "-", stdin=GOOD).stdout == GOOD


def test_split(run: Run) -> None:
    rows = '{"id":"a","split":"test"}\n{"id":"b","split":"train"}\n{"id":"c"}\n{"id":"d","split":"test"}\n'
    lines = rows.splitlines(keepends=True)
    done = run("copy", "--split", "test", stdin=rows)
    assert (done.returncode, done.stdout, done.stderr) == (0, lines[0] + lines[3], "")
    assert run("copy", "--split", "train", "--limit", "1", stdin=rows).stdout == lines[1]
    assert json.loads(run("copy", "--split", "x", "--map", "split=fold", stdin='{"id":"a","fold":"x"}').stdout)
    done = run("copy", "--split", "tset", stdin=rows)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "cxr: --split: no row has the split `tset`; there are: rows without a split, test, train\n"


def test_limit(run: Run) -> None:
    assert run("copy", "--limit", "1", stdin=GOOD + "broken").stdout == GOOD.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reprots.jsonl"], "reprots.jsonl: no such file; did you mean reports.jsonl?"),
        (["nowhere/a.jsonl"], "nowhere/a.jsonl: no such file (and no folder nowhere)"),
        (["folder"], "folder is a folder, not a file: name the files in it, folder/*.jsonl"),
        (
            ["a.txt"],
            "a.txt: unknown extension; there are: .jsonl, .csv, .tsv (and .gz or .zst of these), .parquet, .arrow",
        ),
        (["a.json"], "a.json: broken JSON at byte 37; a file with one row a line must be named .jsonl"),
        (["fake.parquet"], "fake.parquet: not a Parquet file, or damaged after row 0"),
        (["fake.jsonl.gz"], "fake.jsonl.gz: the compressed data break off after line 0"),
        (["fake.jsonl.zst"], "fake.jsonl.zst: the compressed data break off after line 0"),
        (["reports.jsonl", "-o", "reports.jsonl"], "reports.jsonl: would be written over while it is read"),
        (["reports.jsonl", "-o", "link.jsonl", "--overwrite"], "link.jsonl: would be written over while it is read"),
        (["reports.jsonl", "-o", "full.jsonl"], "full.jsonl exists: --resume continues it, --overwrite replaces it"),
        (["reports.jsonl", "-o", "fake.parquet"], "fake.parquet exists: --overwrite replaces it"),
        (["reports.jsonl", "-o", "folder"], "folder is a folder, not a file"),
        (["reports.jsonl", "-o", "no/out.jsonl"], "no/out.jsonl: no folder no"),
        (
            ["reports.jsonl", "-o", "out.xlsx"],
            "out.xlsx: .xlsx is read, not written; Excel and LibreOffice open .csv",
        ),
        (["reports.jsonl", "-o", "out.csv", "--resume"], "out.csv: --resume needs a .jsonl output"),
        (["reports.jsonl", "-o", "bad.jsonl", "--resume"], "bad.jsonl:1: not a row with an id"),
        (["reports.jsonl", "-o", "/dev/full"], "/dev/full: No space left on device"),
    ],
)
def test_paths_that_cannot_be_used(run: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.jsonl").symlink_to("reports.jsonl")
    for name in ("reports.jsonl", "full.jsonl", "a.txt", "a.json"):
        (tmp_path / name).write_text(GOOD)
    for name in ("fake.parquet", "fake.jsonl.gz", "fake.jsonl.zst", "bad.jsonl"):
        (tmp_path / name).write_text("no such thing\n")
    done = run("copy", *arguments)
    assert done.stderr.startswith(f"cxr: {said}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert (tmp_path / "reports.jsonl").read_text() == GOOD


def test_cut_off_gzip_keeps_the_rows_before(run: Run, tmp_path: Path) -> None:
    many = "".join(f'{{"id":"{number}","report":"{number * 7919}"}}\n' for number in range(20_000))
    packed = gzip.compress(many.encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    done = run("copy", "cut.jsonl.gz")
    assert done.returncode == 1
    assert done.stdout
    assert many.startswith(done.stdout)
    assert done.stderr == f"cxr: cut.jsonl.gz: the compressed data break off after line {done.stdout.count(chr(10))}\n"


def test_overwrite_replaces_and_an_empty_file_may_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").touch()
    assert run("copy", "-o", "out.jsonl", stdin='{"id":"1"}\n').returncode == 0
    assert run("copy", "-o", "out.jsonl", "--overwrite", stdin=GOOD).returncode == 0
    assert (tmp_path / "out.jsonl").read_text() == GOOD


def test_a_row_error_keeps_the_good_rows_of_a_table(run: Run, tmp_path: Path) -> None:
    done = run("copy", "-o", "out.parquet", stdin=GOOD + "broken\n")
    assert done.returncode == 1
    assert run("copy", "out.parquet").stdout == GOOD
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_a_null_for_a_missing_key_is_left_out(run: Run) -> None:
    """Tables that pandas or Hugging Face write as JSONL have every key in every row."""
    row = {"id": "a", "report": None, "images": None, "laterals": None, "labels": None, "more": None}
    assert rows(run("copy", stdin=json.dumps(row)).stdout) == [
        {"id": "a", "report": None, "labels": None, "more": None}
    ]


def test_so_is_one_within_a_step_and_not_one_that_a_row_must_have() -> None:
    step = {"text": "Clear lungs.", "kind": None, "evidence": None, "verdict": None}
    case, reason = check_and_clean({"id": "a", "steps": [step], "options": None}, Case)
    assert (case, reason) == ({"id": "a", "steps": [{"text": "Clear lungs.", "verdict": None}]}, None)
    assert check_and_clean({"id": None}, Case)[1] == "field `id`: expected a string, got null"
