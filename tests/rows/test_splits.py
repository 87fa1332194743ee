"""`cxr mine --make-split`, `--apart-from`: train and test by patient."""

import json
from collections import Counter
from pathlib import Path

import pytest

from cxr_cli.rows.splits import assign_split, parse_shares
from tests.cases import rows
from tests.conftest import Cxr

STUDIES = [{"id": f"s{n}", "patient": f"p{n // 3}", "report": "Edema."} for n in range(60)]
LINES = "".join(json.dumps(study) + "\n" for study in STUDIES)


def test_shares_hold_and_an_existing_split_stays() -> None:
    made = parse_shares("test=0.1,validate=0.2")
    drawn = Counter(assign_split({"id": f"s{n}", "patient": f"p{n}"}, made)["split"] for n in range(10_000))
    assert drawn == {"train": 7007, "validate": 1956, "test": 1037}
    assert assign_split({"id": "s", "split": "valid"}, {"test": 1.0})["split"] == "valid"
    assert assign_split({"id": "s", "split": None}, {"test": 1.0})["split"] == "test"
    by_patient = {assign_split({"id": f"s{n}", "patient": "p"}, made)["split"] for n in range(100)}
    assert by_patient == {assign_split({"id": "p"}, made)["split"]}


def test_patients_never_cross(cxr: Cxr) -> None:
    parts = {}
    for split, seed in (("train", 0), ("test", 7)):
        flags = ("--task", "anomaly", "--seed", seed, "--make-split", "test=0.3", "--split", split)
        done = cxr("mine", *flags, stdin=LINES)
        parts[split] = {row["patient"] for row in rows(done.stdout)}
        assert {row["split"] for row in rows(done.stdout)} == {split}
    assert len(parts["train"]) + len(parts["test"]) == 20
    assert 0 < len(parts["test"]) < 10
    assert not parts["train"] & parts["test"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("test", "`test` is not NAME=SHARE, as in test=0.1"),
        ("test=0", "`test=0` is not NAME=SHARE, as in test=0.1"),
        ("a=.6,b=.6", "the shares of a=.6,b=.6 add up to more than 1"),
    ],
)
def test_invalid_shares(cxr: Cxr, given: str, reason: str) -> None:
    done = cxr("mine", "--make-split", given, stdin=LINES)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: --make-split: {reason}\n")


def test_the_patients_of_another_file_are_left_out(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"id":"a","patient":"p3"}\n{"id":"b"}\n')
    done = cxr("mine", "--task", "anomaly", "--apart-from", "test.jsonl", stdin=LINES)
    assert {study["patient"] for study in STUDIES} - {row["patient"] for row in rows(done.stdout)} == {"p3"}
    assert done.stderr == "cxr: 3 studies left out: their patients are in test.jsonl\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"id":"a"}\n', "--apart-from test.jsonl: no row names a patient"),
        ('{"id":"a","patient"', "test.jsonl:1: broken JSON: the file ends in the middle of the row"),
    ],
)
def test_a_file_without_patients(cxr: Cxr, tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "test.jsonl").write_text(content)
    done = cxr("mine", "--apart-from", "test.jsonl", stdin=LINES)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: {reason}\n")
    done = cxr("mine", "--apart-from", "test.jsonl", "-o", "test.jsonl", "--overwrite", stdin=LINES)
    assert "would be written over" in done.stderr
