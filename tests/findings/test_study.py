"""The status of each finding in a study."""

import json
from pathlib import Path

import pytest

from cxr_cli.errors import RowError
from cxr_cli.findings.study import StudyFindings
from tests.cases import READER, Row, answers, mined


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("Small effusion.", {"pleural effusion": "present", "edema": "absent"}),
        (
            "Right lower lobe consolidation.",
            {"lung opacity": "present", "airspace opacity": "present", "mass": "absent"},
        ),
        ("The lungs are clear.", {"consolidation": "absent", "cardiomegaly": "absent"}),
        ("The costophrenic angles are sharp.", {"pleural effusion": "absent"}),
        ("May represent pneumonia.", {"pneumonia": "uncertain", "airspace opacity": "uncertain", "edema": "absent"}),
        ("Lungs clear. Possible nodule.", {"nodule": "uncertain", "consolidation": "absent", "lung opacity": "absent"}),
        ("No left effusion. Small right effusion.", {"pleural effusion": "present"}),
        ("The right effusion has resolved.", {"pleural effusion": "absent"}),
        ("INDICATION: Rule out pneumonia. FINDINGS: No effusion.", {"pneumonia": "absent"}),
    ],
)
def test_status_by_report(report: str, expected: Row) -> None:
    study = StudyFindings({"id": "s", "report": report}, READER)
    assert {name: study.status(name) for name in expected} == expected


REPORTS = (Path(__file__).parents[1] / "golden" / "reports.jsonl").read_text().splitlines()


@pytest.mark.parametrize("row", map(json.loads, REPORTS), ids=lambda row: row["report"][:30])
def test_status_by_reports_of_many_kinds(row: Row) -> None:
    """Labelled before the engine read them. unknown: no question is asked."""
    status = StudyFindings({"report": row["report"]}, READER).status(row["finding"])
    assert (status if status in ("present", "absent") else "unknown") in row["status"]


def test_what_is_not_mentioned_is_unknown() -> None:
    study = StudyFindings({"id": "s", "report": "The left lung is clear. No edema."}, READER, "unknown")
    assert study.status("edema") == "absent"
    assert study.status("cardiomegaly") is None
    assert study.status("consolidation") is None, "only one side is clear"
    study = StudyFindings({"id": "s", "report": "The left lung is clear. The right lung is clear."}, READER, "unknown")
    assert study.status("consolidation") == "absent"
    cases = mined("No edema.", unmentioned="unknown", tasks=["binary"], findings=["edema", "nodule"])
    assert answers(cases) == {"binary/edema": "No"}


def test_labels_come_first() -> None:
    study = {
        "id": "s",
        "report": "Clear lungs. Small effusion.",
        "labels": {"Pleural Effusion": 0, "Edema": 1.0, "Mass": -1},
    }
    findings = StudyFindings(study, READER)
    assert [findings.status(n) for n in ("pleural effusion", "edema", "mass")] == ["absent", "present", "uncertain"]
    assert findings.status("lung opacity") == "present", "a label too is some kind of it"


def test_labels_alone() -> None:
    labels = {"Pleural Effusion": 1, "Cardiomegaly": 0, "Edema": None, "Rare Thing": 1}
    cases = mined(labels=labels, tasks=["binary"], findings=["pleural effusion", "cardiomegaly", "edema", "scoliosis"])
    assert answers(cases) == {"binary/pleural-effusion": "Yes", "binary/cardiomegaly": "No", "binary/edema": "No"}
    assert all(step["evidence"] == [] for case in cases for step in case["steps"])
    assert answers(mined(labels={"No Finding": 1}, tasks=["anomaly"])) == {"anomaly": "Normal"}
    assert answers(mined(labels={"No Finding": 0, "Edema": 1}, tasks=["anomaly"])) == {"anomaly": "Abnormal"}
    with pytest.raises(RowError, match="none of 1, 0, -1 and null"):
        mined(labels={"Edema": 2})
