"""Summaries of scored rows: lines, notes, and what each format prints."""

import json
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.summary import Summary
from cxr_cli.scoring.summaries.summary_table import document
from cxr_cli.scoring.tables.data import as_csv, as_json
from cxr_cli.scoring.tables.text import as_text


def rows() -> list[dict[str, Any]]:
    """Twelve binary rows of six patients (7 right, 3 wrong, 2 null) and two single rows."""
    signed = {"made_by": "engine:rules|lexicon:3f2a", "scored_by": "judge:rules|version:0.1.0"}
    binary: list[float | None] = [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, None, None]
    made = [
        {
            "id": f"b{i}",
            "task": "binary",
            "patient": f"p{i // 2}",
            "scores": {"accuracy": score, "radrscore": 0.5},
            **signed,
        }
        for i, score in enumerate(binary)
    ]
    made[10]["why"], made[11]["why"] = {"accuracy": "refused"}, {"accuracy": "no answer"}
    made[0]["scores"]["radrscore"], made[0]["why"] = None, {"radrscore": "no report"}
    for i in range(2):
        scores = {"accuracy": float(i)}
        made.append({"id": f"s{i}", "task": "single", "patient": f"q{i}", "scores": scores, **signed})
    return made


def summed(all_rows: list[dict[str, Any]], **settings: Any) -> Summary:
    summary = Summary(**settings)
    for row in all_rows:
        summary.add(row)
    return summary


def as_table(summary: Summary) -> str:
    return as_text(document(summary))


def test_lines() -> None:
    lines = {(line.task, line.metric): line for line in summed(rows()).lines()}
    assert list(lines) == [
        ("binary", "accuracy"),
        ("binary", "radrscore"),
        ("single", "accuracy"),
        ("all", "accuracy"),
        ("all", "radrscore"),
    ]
    binary = lines["binary", "accuracy"]
    assert (binary.n, binary.nulls, binary.mean) == (10, 2, 0.7)
    assert binary.low is not None
    assert binary.high is not None
    assert 0.4 <= binary.low < 0.7 < binary.high <= 1.0
    assert binary.reasons == {"refused": 1, "no answer": 1}
    assert lines["binary", "radrscore"] == ("binary", "radrscore", 11, 1, 0.5, 0.5, 0.5, {"no report": 1})
    assert (lines["all", "accuracy"].n, lines["all", "accuracy"].mean) == (12, pytest.approx(8 / 12))


def test_one_task_has_no_line_for_all() -> None:
    assert {line.task for line in summed(rows()[:12]).lines()} == {"binary"}


def test_tasks_come_in_the_order_of_the_rows_contract() -> None:
    made = [{"task": task, "scores": {"accuracy": 1.0}} for task in ("zeta", "temporal", "single", "binary", None)]
    assert [line.task for line in summed(made).lines()] == ["binary", "single", "temporal", "-", "zeta", "all"]


def test_table() -> None:
    made = [
        {
            "id": str(i),
            "task": "binary",
            "patient": f"p{i}",
            "scores": {"accuracy": 1.0, "format": None},
            "scored_by": "x:1",
        }
        for i in range(1000)
    ]
    assert as_table(summed(made)) == (
        "task    metric       n  nulls   mean    95% interval\n"
        "binary  accuracy  1000      0  1.000  [1.000, 1.000]\n"
        "        format       0   1000      -               -\n"
        "\n"
        "null scores, left out of the means:\n"
        "  binary format: 1000 no reason given\n"
        "\n"
        "set: 1000 rows, f636525f\n"
        "intervals: 1000 bootstrap draws by patient, seed 0\n"
        "scored_by: x:1\n"
    )


def test_table_stays_within_100_columns() -> None:
    made = rows()
    made[0]["made_by"] = "engine:other"
    for i, row in enumerate(made):
        row["scores"]["accuracy"], row["why"] = None, {"accuracy": f"a reason of some length, number {i}"}
    assert max(map(len, as_table(summed(made)).splitlines())) <= 100


def test_empty() -> None:
    assert as_table(Summary()) == "no scores\n\nset: 0 rows, de45d748\nintervals: 1000 bootstrap draws by row, seed 0\n"
    assert as_csv(document(Summary())) == "task,metric,n,nulls,mean,low,high,reasons,set\n"
    assert json.loads(as_json(document(Summary())))["lines"] == []


def test_csv() -> None:
    made = [{"task": "binary", "scores": {"accuracy": 0.25}} for _ in range(3)]
    made.append({"task": "binary", "scores": {"accuracy": None}, "why": {"accuracy": "no answer"}})
    made.append({"task": "binary", "scores": {"accuracy": None}, "why": {"accuracy": "refused"}})
    made.append({"task": "single", "scores": {"accuracy": None}, "why": {"accuracy": "refused"}})
    assert as_csv(document(summed(made))) == (
        "task,metric,n,nulls,mean,low,high,reasons,set\n"
        'binary,accuracy,3,2,0.25,0.25,0.25,"1 no answer, 1 refused",9abcc292\n'
        "single,accuracy,0,1,,,,1 refused,9abcc292\n"
        'all,accuracy,3,3,0.25,0.25,0.25,"2 refused, 1 no answer",9abcc292\n'
    )


def test_json() -> None:
    found = json.loads(as_json(document(summed(rows(), n=200, seed=3, level=0.9))))
    assert (found["rows"], found["unscored"], found["draws"], found["seed"]) == (14, 0, 200, 3)
    assert (found["level"], found["resampled_by"], found["notes"]) == (0.9, "patient", [])
    assert found["set"] == str(summed(rows()[::-1]).fingerprint) != str(summed(rows()[1:]).fingerprint)
    assert found["signatures"]["scored_by"] == {"judge:rules|version:0.1.0": 14}
    assert found["lines"][1]["metric"] == "radrscore"
    assert found["lines"][1]["reasons"] == {"no report": 1}


def test_differing_signatures_are_said() -> None:
    made = [row | {"labelled_by": "set:chexpert"} for row in rows()]
    made[3]["scored_by"] = "judge:llm|version:0.1.0"
    del made[4]["scored_by"]
    summary = summed(made)
    assert summary.notes() == [
        "the rows carry 2 different scored_by signatures: two numbers may be compared only if their signatures agree",
        "rows without a scored_by signature: 1 of 14",
    ]
    shown = as_table(summary)
    assert "note: the rows carry 2 different scored_by signatures" in shown
    assert "scored_by: judge:rules|version:0.1.0 (12 of 14 rows)\n" in shown
    assert "scored_by: judge:llm|version:0.1.0 (1 of 14 rows)\n" in shown
    assert "made_by: engine:rules|lexicon:3f2a\nlabelled_by: set:chexpert\n" in shown


def test_rows_without_scores_or_patient_are_counted() -> None:
    made = rows()
    del made[0]["scores"]
    made[1]["patient"] = None
    summary = summed(made)
    assert summary.notes() == [
        "rows without scores: 1 of 14",
        "rows without a patient: 1 of 14, each counted as a patient of its own",
    ]
    assert summary.resampled_by() == "patient"


def test_without_patients_rows_are_drawn() -> None:
    made = [{"task": "binary", "scores": {"accuracy": float(i % 2)}} for i in range(10)]
    summary = summed(made)
    assert summary.resampled_by() == "row"
    assert summary.notes() == []
    assert summary.lines()[0].low is not None


def test_rows_of_one_patient_have_a_mean_but_no_interval() -> None:
    made = [{"task": "binary", "patient": "p", "scores": {"accuracy": float(i % 2)}} for i in range(10)]
    line = summed(made).lines()[0]
    assert (line.n, line.mean, line.low, line.high) == (10, 0.5, None, None)
    assert "0.500             -\n" in as_table(summed(made))


def test_nan_is_null_and_text_is_an_error() -> None:
    assert summed([{"task": "binary", "scores": {"accuracy": float("nan")}}]).lines()[0].nulls == 1
    with pytest.raises(CxrError, match="score 'accuracy' is no number \\(id 7\\)"):
        Summary().add({"id": "7", "task": "binary", "scores": {"accuracy": "1"}})
