"""`cxr score --findings`: reports against reports, finding by finding."""

from typing import Any

import pytest

from cxr_cli import Rules
from cxr_cli.scoring.report_findings import ALL_FINDINGS, ReportFindings


def counts(report: str | None, prediction: str, **fields: Any) -> tuple[dict[str, dict[str, Any]], ReportFindings]:
    findings = ReportFindings(Rules().reader)
    findings.add({"id": "1", "report": report, "prediction": prediction, **fields})
    return {record["finding"]: record for record in findings.document("by").records}, findings


@pytest.mark.parametrize(
    ("report", "prediction", "reference", "predicted", "both", "side"),
    [
        ("Left pleural effusion.", "Left pleural effusion.", 1, 1, 1, 1),
        ("Left pleural effusion.", "Right pleural effusion.", 1, 1, 1, 0),
        ("Left pleural effusion.", "Pleural effusion.", 1, 1, 1, None),
        ("Right pleural effusion. Left pleural effusion.", "Left pleural effusion.", 2, 1, 1, 1),
        ("Left pleural effusion.", "Right pleural effusion. Left pleural effusion.", 1, 2, 1, 1),
        ("Left pleural effusion.", "No pleural effusion.", 1, 0, 0, None),
    ],
)
def test_findings_are_paired_by_side(
    report: str, prediction: str, reference: int, predicted: int, both: int, side: float | None
) -> None:
    records, findings = counts(report, prediction)
    record = records["pleural effusion"]
    assert [record[key] for key in ("reference", "predicted", "both", "side")] == [reference, predicted, both, side]
    assert findings.n == 1
    assert {**record, "finding": ALL_FINDINGS} == records[ALL_FINDINGS]


def test_severity_and_what_is_left_out() -> None:
    records, _ = counts("Small left pleural effusion.", "Large left pleural effusion.")
    assert records["pleural effusion"]["severity"] == 0
    for report, prediction, fields in (
        (None, "Edema.", {}),
        ("Edema.", "", {}),
        ("Edema.", "Edema.", {"question": "Q?"}),
    ):
        records, findings = counts(report, prediction, **fields)
        assert (records, findings.n, findings.left_out.total()) == ({}, 0, 1)
