"""MIMIC-CXR and MIMIC-CXR-JPG in the layout that PhysioNet serves, written by mimic_tree.py."""

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cxr, Run
from tests.sources.mimic_tree import VERSION, MadeStudy, write_tree

REPORT = "mimic/files/p10/p10000032/s50000000.txt"  # the first patient has this study alone


@pytest.fixture
def made(tmp_path: Path) -> list[MadeStudy]:
    """Twenty-four studies of eight patients in tmp_path/"mimic"."""
    return write_tree(tmp_path / "mimic", 24)


def rows(run: Run, *arguments: object) -> dict[str, Any]:
    """id -> row; the run must print nothing on stderr."""
    done = run("studies", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}


def edit(path: Path, pattern: str, new: str, count: int = 0) -> None:
    """Replaces a part of a packed table."""
    text, edits = re.subn(pattern, new, gzip.decompress(path.read_bytes()).decode(), count=count)
    assert edits
    path.write_bytes(gzip.compress(text.encode()))


def test_a_study(run: Run, made: list[MadeStudy]) -> None:
    found = rows(run, "mimic-cxr:mimic")
    study = made[0]
    (lateral, _), (frontal, _) = study.films
    assert found["s50000000"] == {
        "id": "s50000000",
        "patient": "p10000032",
        "images": [f"{study.place}/{frontal}.jpg"],
        "laterals": [f"{study.place}/{lateral}.jpg"],
        "report": study.report.strip(),
        "labels": study.labels,
        "split": "train",
        "prior": None,
        "source": "mimic-cxr",
    }
    assert sorted(found) == sorted(f"s{study.study}" for study in made)
    assert list(rows(run, "mimic")) == list(found)  # known by its folder


def test_views_come_in_order_and_laterals_apart(run: Run, made: list[MadeStudy]) -> None:
    found = rows(run, "mimic-cxr:mimic")
    shown: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for study in made:
        view = {f"{study.place}/{dicom}.jpg": view for dicom, view in study.films}
        row = found[f"s{study.study}"]
        kept = [view[path] for path in row["images"]], [view[path] for path in row.get("laterals", [])]
        shown[tuple(view.values())] = kept
    assert shown == {
        ("LATERAL", "PA"): (["PA"], ["LATERAL"]),
        ("AP",): (["AP"], []),
        ("LL", "", "PA"): (["PA"], ["", "LL"]),
        ("AP", "AP"): (["AP", "AP"], []),
    }


def test_priors_follow_the_dates(run: Run, made: list[MadeStudy]) -> None:
    found = rows(run, "mimic-cxr:mimic")
    for study in made:
        earlier = [s for s in made if s.patient == study.patient and (s.date, s.time) < (study.date, study.time)]
        last = max(earlier, key=lambda s: (s.date, s.time), default=None)
        prior = found[f"s{last.study}"] if last else None
        expected = prior and {key: prior[key] for key in ("id", "images", "report")}
        assert found[f"s{study.study}"]["prior"] == expected
    assert sum(row["prior"] is not None for row in found.values()) == 24 - 8


def test_no_patient_is_in_two_splits(run: Run, made: list[MadeStudy]) -> None:
    parts = {name: rows(run, "mimic-cxr:mimic", "--split", name) for name in ("train", "validate", "test")}
    patients = [{row["patient"] for row in part.values()} for part in parts.values()]
    assert sum(map(len, patients)) == len(set().union(*patients)) == 8
    assert sum(map(len, parts.values())) == 24
    assert all(row["split"] == name for name, part in parts.items() for row in part.values())


def test_an_unknown_split(run: Run, made: list[MadeStudy]) -> None:
    done = run("studies", "mimic-cxr:mimic", "--split", "tset")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"cxr: --split: no split `tset` in mimic/{VERSION}-split.csv.gz; there are: test, train, validate\n"
    )


def test_a_patient_in_two_splits(run: Run, made: list[MadeStudy], tmp_path: Path) -> None:
    edit(tmp_path / f"mimic/{VERSION}-split.csv.gz", "10000032,train", "10000032,test", count=1)
    done = run("studies", "mimic-cxr:mimic")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cxr: mimic/{VERSION}-split.csv.gz: a patient is in two splits; download the table again\n"


def test_reports_in_one_tree_and_films_in_another(run: Run, tmp_path: Path) -> None:
    write_tree(tmp_path / "cxr", 24, films=None, tables=False)
    made = write_tree(tmp_path / "jpg", 24, reports=None)
    write_tree(tmp_path / "one", 24)
    assert rows(run, "mimic-cxr:cxr:jpg") == rows(run, "mimic-cxr:one") == rows(run, "mimic-cxr:jpg:cxr")
    shutil.move(tmp_path / "cxr", tmp_path / "jpg/mimic-cxr-reports")  # unpacked there
    assert len(rows(run, "jpg")) == len(made)


def test_films_without_reports(cxr: Cxr, tmp_path: Path) -> None:
    write_tree(tmp_path / "jpg", 3, reports=None)
    done = cxr("mine", "jpg")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "cxr: jpg: no reports, such as files/p10/p10000032/s50414267.txt: unpack mimic-cxr-reports.zip there, "
        "or name both trees, mimic-cxr:REPORTS:FILMS\n"
    )


def test_dicoms_and_a_list_of_records(run: Run, tmp_path: Path) -> None:
    """MIMIC-CXR without MIMIC-CXR-JPG: no views, dates, labels or splits."""
    [made] = write_tree(tmp_path / "dicom", 1, films=".dcm")
    for table in ("metadata", "split", "chexpert", "negbio"):
        (tmp_path / f"dicom/{VERSION}-{table}.csv.gz").unlink()
    done = run("studies", "dicom")
    films = sorted(f"{made.place}/{dicom}.dcm" for dicom, _ in made.films)
    study = {"id": "s50000000", "patient": "p10000032", "images": films, "report": made.report.strip()}
    assert json.loads(done.stdout) == {**study, "source": "mimic-cxr"}
    assert (done.returncode, done.stderr) == (
        0,
        "cxr: mimic-cxr: no table of metadata: no dates, so no priors; laterals are not told apart\n"
        "cxr: mimic-cxr: no table of labels: answers come from reports alone\n"
        "cxr: mimic-cxr: no table of splits\n",
    )
    (tmp_path / "dicom/cxr-record-list.csv.gz").unlink()  # the folders tell the same
    assert run("studies", "dicom").stdout == done.stdout
    done = run("studies", "dicom", "--split", "test")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("cxr: --split: no row has the split `test`; there are: rows without a split\n")


def test_unpacked_tables_and_the_other_labeller(run: Run, made: list[MadeStudy], tmp_path: Path) -> None:
    before = rows(run, "mimic")
    for path in (tmp_path / "mimic").glob("*.csv.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    (tmp_path / f"mimic/{VERSION}-chexpert.csv").unlink()
    assert rows(run, "mimic") == before
    (tmp_path / f"mimic/{VERSION}-metadata.csv").write_text("dicom_id,study_id\nx,50000000\n")
    done = run("studies", "mimic")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"cxr: mimic/{VERSION}-metadata.csv: a column is missing; the file needs study_id, dicom_id, ViewPosition, "
        "StudyDate, StudyTime\n"
    )


def test_what_is_missing_is_null_with_a_reason(run: Run, made: list[MadeStudy], tmp_path: Path) -> None:
    [second, third] = [study for study in made if study.patient == made[1].patient][:2]
    (tmp_path / REPORT).unlink()
    (tmp_path / "mimic" / f"{second.place}.txt").write_text(" \n")
    edit(tmp_path / f"mimic/{VERSION}-metadata.csv.gz", f"({third.study},.*),{third.date},[0-9.]+", r"\1,,")
    for table in ("chexpert", "split"):
        edit(tmp_path / f"mimic/{VERSION}-{table}.csv.gz", "50000000", "59999999")
    found = rows(run, "mimic")
    assert found["s50000000"]["why"] == {
        "report": "there is no file",
        "labels": "not in the table",
        "split": "not in the table",
    }
    assert found["s50000000"]["report"] is None
    assert found[f"s{second.study}"]["why"] == {"report": "the file is empty"}
    assert found[f"s{third.study}"]["prior"] is None
    assert found[f"s{third.study}"]["why"] == {"prior": "the study has no date"}


def test_a_report_that_is_not_utf8(run: Run, made: list[MadeStudy], tmp_path: Path) -> None:
    (tmp_path / REPORT).write_bytes("Kein Erguß.".encode("latin-1"))
    done = run("studies", "mimic", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert (done.returncode, done.stdout.count("\n")) == (3, 23)
    bad = json.loads((tmp_path / "bad.jsonl").read_text())
    assert (bad["where"], bad["row"]) == (REPORT, "Kein Ergu\\xdf.")


def test_other_files_in_a_tree_are_not_studies(run: Run, made: list[MadeStudy], tmp_path: Path) -> None:
    before = rows(run, "mimic")
    for name in ("index.html", "p10/index.html", "p10/p10000032/index.html", "p10/p10000032/notes.txt"):
        (tmp_path / "mimic/files" / name).write_text("no study")
    assert rows(run, "mimic") == before


def test_names_of_data_sets(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, why in {
        "mimic-cxr:empty": "mimic-cxr: empty is not recognised: it has no file such as "
        "files/p10/p10000032/s50414267.txt",
        "mimic-cxr:nowhere": "mimic-cxr: nowhere does not exist",
        "mimic-cxr": "mimic-cxr: name its folder too, mimic-cxr:FOLDER",
    }.items():
        done = run("studies", name)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: {why}\n")
    for name, hint in {"mimic-cx": "did you mean mimic-cxr? there are: ", "xyz": "there are: "}.items():
        done = run("studies", f"{name}:empty")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"cxr: {name}: no data set has this name; {hint}mimic-cxr, chexpert, ")
    (tmp_path / "a:b.jsonl").write_text('{"id":"one"}\n')
    assert run("studies", "a:b.jsonl").stdout == '{"id":"one"}\n'


def test_mined_and_verified(cxr: Cxr, made: list[MadeStudy]) -> None:
    mined = cxr("mine", "mimic-cxr:mimic", "--split", "test")
    assert mined.returncode == 0
    cases = [json.loads(line) for line in mined.stdout.splitlines()]
    assert {"binary", "anomaly", "temporal"} <= {case["task"] for case in cases}
    assert all(case["split"] == "test" and case["prior"] for case in cases if case["task"] == "temporal")
    kept = cxr("verify", stdin=mined.stdout).stdout.count("\n")
    assert 0.9 * len(cases) < kept <= len(cases)


def test_every_data_set_is_in_the_help_of_mine(cxr: Cxr) -> None:
    from cxr_cli.sources import SOURCES

    help = cxr("mine", "--help").stdout
    assert [name for name in SOURCES if name not in help] == []
