"""Data sets with reports, except MIMIC-CXR: CheXpert Plus, Open-i, MS-CXR-T."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.sources.chexpert import CHEXPERT_LABELS
from cxr_cli.sources.formats.csv_index import CsvIndex
from tests.cases import rows, steps_with_evidence
from tests.conftest import Cxr, Run
from tests.shared import DATA, needs_shared

PLUS = "path_to_image,deid_patient_id,patient_report_date_order,section_findings,section_impression,split\n"


def plus(folder: Path, *lines: str, header: str = PLUS) -> Path:
    folder.mkdir(exist_ok=True)
    table = folder / "df_chexpert_plus_240401.csv"
    table.write_bytes((header + "".join(lines)).encode("latin-1"))
    return table


def line(patient: int, study: int, order: int | str, findings: str = "", impression: str = "", view: str = "") -> str:
    path = f"train/patient{patient}/study{study}/{view or 'view1_frontal'}.jpg"
    return f"{path},patient{patient},{order},{findings},{impression},train\n"


def test_chexpert_plus(run: Run, tmp_path: Path) -> None:
    """Rows are in any order, cells have newlines and quotes, and priors follow the dates."""
    latest = line(1, 7, 3, '"Edema,\n""hazy"".\n"', "Worse.")
    lateral = line(1, 7, 3, '"Edema,\n""hazy"".\n"', "Worse.", "view2_lateral")
    middle = line(1, 9, 2, "", '"Left\neffusion."')
    plus(tmp_path / "p", latest, line(2, 1, 1), line(1, 2, 1, "Clear."), lateral, middle, "\n")
    done = run("studies", "p")
    assert (done.returncode, done.stderr) == (0, "")
    third, other, first, second = rows(done.stdout)
    assert third == {
        "id": "patient1/study7",
        "patient": "patient1",
        "images": ["train/patient1/study7/view1_frontal.jpg"],
        "laterals": ["train/patient1/study7/view2_lateral.jpg"],
        "report": 'FINDINGS: Edema,\n"hazy".\nIMPRESSION: Worse.',
        "prior": {
            "id": "patient1/study9",
            "images": ["train/patient1/study9/view1_frontal.jpg"],
            "report": "IMPRESSION: Left\neffusion.",
        },
        "split": "train",
        "source": "chexpert-plus",
    }
    assert (other["report"], "prior" in other, "prior" in first) == (None, False, False)
    assert second["prior"]["id"] == "patient1/study2"


def test_labels_and_films_of_chexpert_plus(run: Run, tmp_path: Path) -> None:
    plus(tmp_path / "p", line(1, 1, 1, "Clear."), line(2, 1, "", "Clear."), line(2, 2, 1, "Clear."))
    labels: dict[str, Any] = {**dict.fromkeys(CHEXPERT_LABELS), "Edema": -1.0, "No Finding": 0.0}
    path = "train/patient2/study1/view1_frontal.jpg"
    (tmp_path / "p/chexbert_labels").mkdir()
    file = tmp_path / "p/chexbert_labels/impression_fixed.json"
    file.write_text(json.dumps({"path_to_image": path, **labels}) + "\n")
    (tmp_path / "p/PNG").mkdir()
    first, second, third = rows(run("studies", "chexpert-plus:p").stdout)
    assert "labels" not in first
    assert second["labels"] == {**dict.fromkeys(CHEXPERT_LABELS), "Edema": -1, "No Finding": 0}
    assert second["images"] == ["PNG/train/patient2/study1/view1_frontal.png"]
    assert "prior" not in third  # nothing says when the other study was
    file.write_text('{"path_to_image": "a"')
    reason = "damaged, or not a film's path with the labels of CheXpert on each line"
    assert run("studies", "p").stderr == f"cxr: {file.relative_to(tmp_path)}: {reason}\n"


def test_the_whole_report_of_chexpert_plus(run: Run, tmp_path: Path) -> None:
    """The column `report` counts where a study has no sections, and where the table has no columns for them."""
    header = PLUS.replace("split", "report,split")
    whole, sections = '"INDICATION: Fall.\nThe lungs are clear."', '"FINDINGS: Small nodule.\n"'
    first = line(1, 1, 1).replace("train\n", f"{whole},train\n")
    plus(tmp_path / "p", first, line(2, 1, 1, "Nodule.").replace("train\n", f"{sections},train\n"), header=header)
    reports = [row["report"] for row in rows(run("studies", "p").stdout)]
    assert reports == ["INDICATION: Fall.\nThe lungs are clear.", "FINDINGS: Nodule."]
    films = "path_to_image,deid_patient_id,patient_report_date_order,report,split\n"
    plus(tmp_path / "q", f"train/patient1/study1/view1_frontal.jpg,patient1,1,{whole},train\n", header=films)
    assert [row["report"] for row in rows(run("studies", "q").stdout)] == reports[:1]


def test_a_bad_record_of_chexpert_plus(run: Run, tmp_path: Path) -> None:
    plus(
        tmp_path / "p",
        line(1, 1, 1, "Erguß.\xdf"),
        line(2, 1, 1, "Clear."),
        line(2, 2, 2, "Clear."),
        "a.jpg,b,1,,,train\n",
    )
    done = run("studies", "p", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(done.stdout)] == ["patient2/study1", "patient2/study2"]
    bad = rows((tmp_path / "bad.jsonl").read_text())
    assert [row["where"] for row in bad] == [f"p/df_chexpert_plus_240401.csv, record {n}" for n in (1, 4)]
    assert bad[0]["reason"].startswith("not UTF-8 at byte ")
    assert bad[1]["reason"].startswith("the path of a film: not like train/patient00001")


def test_a_damaged_table_of_chexpert_plus(run: Run, tmp_path: Path) -> None:
    table = plus(tmp_path / "p", line(1, 1, 1), header=PLUS.replace("section_findings", "findings"))
    hint = "is this the file as it is downloaded?"
    assert run("studies", "p").stderr == f"cxr: p/{table.name}: no column `section_findings`: {hint}\n"
    plus(tmp_path / "p", line(1, 1, 1), line(1, 2, 2, '"never closed'), line(1, 3, 3))
    done = run("studies", "p")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"cxr: p/{table.name}: the table is damaged")
    table.write_text("")
    assert run("studies", "p").stderr == f"cxr: p/{table.name}: an empty file\n"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_csv_index(tmp_path: Path, end: str) -> None:
    """A record is found by its number, wherever newlines and quotes are."""
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x\n""y"",\n"\r\n,\n3,z\x0c' + end.encode())
    records = CsvIndex(path)
    assert [records[n] for n in range(len(records))] == [
        {"a": "1", "b": 'x\n"y",\n'},
        {"a": None, "b": None},
        {"a": "3", "b": "z\x0c"},
    ]


REPORT = """<?xml version="1.0" encoding="utf-8"?>
<eCitation>
  <uId id="CXR7"/>
  <MedlineCitation><Article><Abstract>
    <AbstractText Label="COMPARISON">None.</AbstractText>
    <AbstractText Label="FINDINGS">The heart is big.</AbstractText>
    <AbstractText Label="IMPRESSION"></AbstractText>
  </Abstract></Article></MedlineCitation>
  <MeSH><major>Cardiomegaly/mild</major><major>No Indexing</major><automatic>heart</automatic></MeSH>
  <parentImage id="CXR7_IM-2263-1001"><caption>PA</caption></parentImage>
  <parentImage id="CXR7_IM-2263-2001"/>
  <parentImage id="CXR7_IM-2263-3001"/>
</eCitation>
"""


def test_openi_xml(run: Run, tmp_path: Path) -> None:
    reports, films = tmp_path / "o/ecgen-radiology", tmp_path / "o/NLMCXR_png"
    reports.mkdir(parents=True)
    films.mkdir()
    (films / "CXR7_IM-2263-1001.png").touch()
    (films / "IM-2263-2001.dcm").touch()  # as the DICOM files are called
    (reports / "10.xml").write_text("<eCitation><MeSH><major>normal</major></MeSH></eCitation>")
    (reports / "7.xml").write_text(REPORT)
    (reports / "8.xml").write_text(REPORT[:-20])
    (reports / "9.xml").write_bytes(REPORT.replace("big", "gro\xdf").encode("latin-1"))
    done = run("studies", "o", "--on-error", "skip", "--rejects", "bad.jsonl")
    first, second = rows(done.stdout)
    assert first == {
        "id": "CXR7",
        "report": "FINDINGS: The heart is big.",
        "labels": {"Cardiomegaly": 1},
        "source": "openi",
        "images": ["NLMCXR_png/CXR7_IM-2263-1001.png", "NLMCXR_png/IM-2263-2001.dcm"],
        "why": {"images": "1 of 3 films are not in this folder"},
    }
    why = {"report": "no findings and no impression"}
    assert second == {"id": "CXR10", "report": None, "source": "openi", "images": [], "why": why}
    bad = rows((tmp_path / "bad.jsonl").read_text())
    assert [(row["where"], row["reason"]) for row in bad] == [
        ("o/ecgen-radiology/8.xml", "broken XML in line 12"),
        ("o/ecgen-radiology/9.xml", "broken XML in line 6"),
    ]


KAGGLE = "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"


def test_openi_tables(run: Run, tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    table = f'{KAGGLE}1,normal,normal,PA,Cough,None.,"Clear, both.",\n2,Opacity/lung;Fibrosis,,,,,,Hazy.\n'
    (tmp_path / "k/indiana_reports.csv").write_text(table)
    films = "1,1_IM-1-4001.dcm.png,Frontal\n1,1_IM-1-3001.dcm.png,Lateral\n"
    (tmp_path / "k/indiana_projections.csv").write_text(f"uid,filename,projection\n{films}")
    first, second = rows(run("studies", "openi:k").stdout)
    assert first == {
        "id": "CXR1",
        "report": "FINDINGS: Clear, both.",
        "labels": {"No Finding": 1},
        "source": "openi",
        "images": ["images/images_normalized/1_IM-1-4001.dcm.png"],
        "laterals": ["images/images_normalized/1_IM-1-3001.dcm.png"],
    }
    assert (second["labels"], second["images"]) == ({"Opacity": 1, "Fibrosis": 1}, [])
    (tmp_path / "k/indiana_reports.csv").rename(tmp_path / "k/reports.csv")
    assert rows(run("studies", "k").stdout) == [first, second]


@needs_shared
def test_openi_as_it_is(cxr: Cxr) -> None:
    done = cxr("mine", f"openi:{DATA / 'openi'}", "--task", "anomaly")
    cases = rows(done.stdout)
    assert (done.returncode, done.stderr) == (0, "cxr: studies that gave no question: 168\n")
    assert all(case["answer"] == "Normal" for case in cases if case["labels"] == {"No Finding": 1})


TEMPORAL = "subject_id,study_id,dicom_id,previous_study_id,previous_dicom_id," + ",".join(
    f"{finding}_progression,{finding}_label_quality"
    for finding in ("consolidation", "edema", "pleural_effusion", "pneumonia", "pneumothorax")
)
PAIR = "10000032,52,p10/p10000032/s52/b,51,p10/p10000032/s51/a,,,improving,consensus,,,worsening,x,,\n"


def test_ms_cxr_t(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    table = tmp_path / "t/MS_CXR_T_temporal_image_classification_v1.0.0.csv"
    table.write_text(f"{TEMPORAL}\n{PAIR}{PAIR.replace('s52/b', 's52/c')}10000032,,b,51,a,,,,,,,,,,\n")
    tree = tmp_path / "m/files/p10/p10000032"
    (tree / "s52").mkdir(parents=True)
    (tree / "s52.txt").write_text("IMPRESSION: Edema has improved.")
    (tree / "s52/c.dcm").touch()
    done = run("studies", "ms-cxr-t:t:m", "--on-error", "skip", "--rejects", "bad.jsonl")
    first, second = rows(done.stdout)
    changes = dict.fromkeys(("consolidation", "edema", "pleural effusion", "pneumonia", "pneumothorax"))
    assert first == {
        "id": "s52-s51",
        "images": ["files/p10/p10000032/s52/b.jpg"],
        "report": "IMPRESSION: Edema has improved.",
        "patient": "p10000032",
        "changes": {**changes, "edema": "improving", "pneumonia": "worsening"},
        "prior": {"id": "s51", "images": ["files/p10/p10000032/s51/a.jpg"], "report": None},
        "split": "test",
        "source": "ms-cxr-t",
    }
    assert (second["id"], second["images"]) == ("s52-s51-2", ["files/p10/p10000032/s52/c.dcm"])
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["reason"] == "column `study_id`: blank"


def test_cases_of_ms_cxr_t(cxr: Cxr, tmp_path: Path) -> None:
    """A change that the report states has its sentence as evidence; other changes have none."""
    (tmp_path / "MS_CXR_T_temporal_image_classification_v1.0.0.csv").write_text(f"{TEMPORAL}\n{PAIR}")
    (tmp_path / "files/p10/p10000032").mkdir(parents=True)
    (tmp_path / "files/p10/p10000032/s52.txt").write_text("IMPRESSION: Edema has improved. The nodule is stable.")
    cases = rows(cxr("mine", "ms-cxr-t:.", "--task", "temporal").stdout)
    assert {case["id"]: case["answer"] for case in cases} == {
        "s52-s51/temporal/edema": "Improving",
        "s52-s51/temporal/pneumonia": "Worsening",
        "s52-s51/temporal/nodule": "Stable",
    }
    (_, (_, edema), _), (_, (pneumonia, nothing), (end, _)), _ = (steps_with_evidence(case) for case in cases)
    assert (edema, nothing) == (["Edema has improved."], [])
    assert pneumonia in ("The pneumonia has worsened.", "The pneumonia has increased.")
    assert end == "The pneumonia has worsened, so the answer is Worsening."
