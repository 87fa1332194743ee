"""Reports as a task: mined, taught, asked for, scored finding by finding."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.engines.prompts.predictor import check_askable
from cxr_cli.rewards.functions import accuracy
from cxr_cli.tasks.on_demand.report_writing import WRITE_REPORT, asked_for_report
from cxr_cli.training.data.dataset import target_text
from tests.cases import lines, mined, rows
from tests.conftest import Tool

REPORT = "FINDINGS: There is a small left pleural effusion.\nIMPRESSION: Left effusion."


def test_a_study_gives_one_question_on_demand() -> None:
    (case,) = mined(REPORT, tasks=["report"])
    assert (case["id"], case["task"], case["question"]) == ("s/report", "report", WRITE_REPORT)
    assert (case["options"], case["answer"], case["findings"]) == ([], REPORT, ["pleural effusion"])
    assert "report" not in {case["task"] for case in mined(REPORT)}
    assert mined("INDICATION: Cough.", tasks=["report"]) == []
    assert mined(None, {"Edema": 1}, tasks=["report"]) == []


def test_it_is_verified_and_taught(tool: Tool) -> None:
    out = tool("mine", "--task", "report", stdin=json.dumps({"id": "s", "report": REPORT}).encode()).out
    (case,) = rows(tool("verify", stdin=out.encode()).out)
    assert [step["verdict"] for step in case["steps"]] == ["not_checkable", "supported"]
    assert target_text(case).endswith(f"</think><answer> {REPORT} </answer>")
    assert target_text({"id": "s", "question": WRITE_REPORT, "answer": REPORT}) == f"<answer> {REPORT} </answer>"


def test_a_study_is_asked_for_its_report() -> None:
    row = asked_for_report({"id": "s", "images": ["a.png"], "report": REPORT})
    check_askable(row)
    assert (row["task"], row["question"], row["options"]) == ("report", WRITE_REPORT, [])
    own: dict[str, Any] = {"id": "s", "question": "Edema?"}
    assert asked_for_report(own) == own


def test_it_is_scored_as_a_report(tool: Tool) -> None:
    """By its findings, not as an answer: the reasoning around it does not count."""
    case = asked_for_report({"id": "s", "report": REPORT})
    reply = "<think>The heart is large: cardiomegaly.</think><answer>Small effusion on the left.</answer>"
    (scored,) = rows(tool("score", stdin=lines(case | {"prediction": reply}).encode()).out)
    assert scored["scores"]["finding_f1"] == 1
    assert scored["scores"].keys() & {"accuracy", "format", "radrscore"} == set()
    pays = accuracy([reply, "<answer>Clear lungs.</answer>", ""], case=[case] * 3)
    assert pays == [1, 0, 0]


def test_findings_of_reports(tool: Tool, tmp_path: Path) -> None:
    pairs = [
        ("Small left pleural effusion. Mild edema.", "Small left pleural effusion. Severe edema."),
        ("Right pleural effusion.", "Left pleural effusion."),
        ("Left pneumothorax.", "The lungs are clear."),
        ("The lungs are clear.", "Cardiomegaly."),
        ("", "Cardiomegaly."),
    ]
    reports = [{"id": str(n), "report": ref or None, "prediction": hyp} for n, (ref, hyp) in enumerate(pairs)]
    (tmp_path / "a.jsonl").write_text(lines(*reports, {"id": "q", "question": "Edema?", "prediction": "Yes"}))
    result = json.loads(tool("score", "a.jsonl", "--findings", "--format", "json").out)
    records = {record.pop("finding"): record for record in result["findings"]}
    assert list(records) == ["all", "pleural effusion", "edema", "pneumothorax", "cardiomegaly"]
    effusion = {"reference": 2, "predicted": 2, "both": 2, "precision": 1, "recall": 1, "f1": 1}
    assert records["pleural effusion"] == effusion | {"side": 0.5, "severity": 1}
    assert records["edema"]["severity"] == 0
    assert (records["pneumothorax"]["recall"], records["pneumothorax"]["precision"]) == (0, None)
    assert (records["cardiomegaly"]["recall"], records["cardiomegaly"]["predicted"]) == (None, 1)
    assert (records["all"]["reference"], records["all"]["both"], result["n"]) == (4, 3, 4)
    table = tool("score", "a.jsonl", "--findings").out
    assert "4 predicted reports" in table
    assert "left out: 1 (a question, not a report)" in table


@pytest.mark.parametrize("flag", ["--summary", "--compare"])
def test_the_findings_are_a_table_of_their_own(tool: Tool, flag: str) -> None:
    result = tool("score", "--findings", flag, stdin=b"")
    assert result.code == 2
    assert "--findings prints a table of its own" in result.err
