"""`cxr score`: RadRScore's parts as literals, reports against reports, and the command itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.findings import read, reader
from cxr_cli.scoring.metrics.radrscore import match
from cxr_cli.scoring.report import METRICS, ReportComparer
from cxr_cli.scoring.scorer import Scorer
from tests.conftest import Cxr
from tests.engines.conversations import run_offline

REPORT = "Small left effusion. The heart is enlarged. No pneumothorax."
SILENT = ("mentions no finding that is present", "mentions no finding that is absent")
STEPS = ["There is a left effusion.", "The heart is enlarged.", "There is no pneumothorax."]


def scored(prediction: str, empty: Any = "null", **row: Any) -> dict[str, Any]:
    given = {"id": "a", "question": "What is seen?", "report": REPORT, "steps": STEPS, "prediction": prediction, **row}
    return run_offline(Scorer(reader(), empty=empty).row(given))


def parts(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("factuality", "completeness", "effectiveness", "radrscore")
    return tuple(None if row["scores"][name] is None else round(row["scores"][name], 4) for name in names)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        ("There is a left effusion. The heart is enlarged. No pneumothorax is seen.", (1, 1, 1, 1)),
        ("There is a left effusion.", (1, 0.3333, 1, 0.7778)),
        ("There is an effusion.", (1, 0.25, 0.75, 0.6667)),
        ("There is a right effusion.", (0, 0, 0, 0)),
        ("There is a left effusion. There is a nodule.", (0.5, 0.3333, 0.5, 0.4444)),
        ("No effusion. The heart is not enlarged. There is a pneumothorax.", (0, 0, 0, 0)),
        ("There is no edema.", (1, 0, 0, 0.3333)),
        ("A left effusion. A left effusion. A left effusion.", (1, 0.3333, 1, 0.7778)),
        ("<think>There is a left effusion.</think><answer>There is a nodule.</answer>", (1, 0.3333, 1, 0.7778)),
    ],
)
def test_radrscore(prediction: str, expected: tuple[float, ...]) -> None:
    assert parts(scored(prediction)) == expected


def test_the_vote_is_scored_beside_the_samples() -> None:
    case = {"options": ["Yes", "No"], "answer": "No"}
    said = [{"text": f"<answer> {letter} </answer>"} for letter in "ABB"]
    row = scored("", **case, predictions=said, vote={"answer": "No", "share": 2 / 3})
    assert (round(row["scores"]["accuracy"], 3), row["scores"]["vote_accuracy"]) == (0.667, 1.0)
    row = scored("", **case, predictions=[{"text": ""}], vote={"answer": None, "share": 0.0})
    assert (row["scores"]["vote_accuracy"], row["why"]["vote_accuracy"]) == (None, "no answer")
    none = {"question": "Which findings?", "options": [], "answer": [], "predictions": [{"text": "None"}]}
    row = scored("", **none, vote={"answer": [], "share": 1.0})
    assert (row["scores"]["accuracy"], row["scores"]["vote_accuracy"]) == (1, 1)


@pytest.mark.parametrize(
    ("think", "answer", "expected"),
    [
        ("There is a left effusion. There is no edema.", "A", (1, 1, 1)),
        ("There is no effusion. There is edema.", "B", (0, 0, 1)),
        ("There is a left effusion. No pneumothorax. There is a nodule.", "B", (1, 0.5, 0)),
        ("The heart is enlarged.", "A", (1, SILENT[1], 0)),
        ("I look at the film.", "", (*SILENT, "no answer")),
    ],
)
def test_statements(think: str, answer: str, expected: tuple[Any, ...]) -> None:
    case = {"question": "Is there a pleural effusion?", "options": ["Yes", "No"], "answer": "Yes"}
    case |= {"task": "binary", "findings": ["pleural effusion"], "id": "a", "report": REPORT, "steps": STEPS}
    said = f"<think> {think} </think>" + (f"<answer> {answer} </answer>" if answer else "")
    row = run_offline(Scorer(reader(), statements=True).row({**case, "prediction": said}))
    names = ("sensitivity", "specificity", "consistency")
    assert tuple(row["why"].get(name, row["scores"][name]) for name in names) == expected
    assert not set(names) & run_offline(Scorer(reader()).row({**case, "prediction": said}))["scores"].keys()


def test_nothing_said_is_null_with_a_reason_and_zero_on_demand() -> None:
    row = scored("I cannot tell.")
    assert parts(row) == (None, 0, None, None)
    assert row["why"]["factuality"] == row["why"]["effectiveness"] == "no observation predicted"
    assert row["why"]["radrscore"] == "no factuality"
    assert parts(scored("I cannot tell.", empty="zero")) == (0, 0, 0, 0)


def test_what_is_missing_stays_null() -> None:
    row = scored("A left effusion.", report="", steps=None)
    assert parts(row) == (None, None, None, None)
    assert row["why"]["factuality"] == "no report"
    assert row["why"]["completeness"] == "no reference steps"
    assert parts(scored("A left effusion.", empty="zero", report="")) == (None, 0.3333, 1, None)
    assert parts(scored("A left effusion.", steps=["I look."]))[1:] == (None, None, None)


def test_several_predictions_are_averaged() -> None:
    texts = ["There is a left effusion.", "There is a right effusion."]
    given = {"id": "a", "question": "?", "report": REPORT, "steps": STEPS, "predictions": [{"text": t} for t in texts]}
    row = run_offline(Scorer(reader()).row(given))
    assert parts(row) == (0.5, 0.1667, 0.5, 0.3889)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Left effusion.", "Left effusion.", 1.0),
        ("Left effusion.", "Effusion.", 0.75),
        ("Left effusion.", "Right effusion.", 0.0),
        ("Left effusion.", "No left effusion.", 0.0),
        ("Opacity.", "Consolidation.", 0.5),
        ("Consolidation.", "Opacity.", 0.0),
        ("No opacity.", "No consolidation.", 0.0),
        ("Possible effusion.", "Effusion.", 1.0),
        ("Worsening edema.", "Improving edema.", 0.0),
        ("Left upper nodule.", "Left nodule.", 0.75),
    ],
)
def test_match(a: str, b: str, expected: float) -> None:
    assert match(read(a)[0], read(b)[0], reader().lexicon) == expected


@pytest.mark.parametrize(
    ("reference", "predicted", "expected"),
    [
        ("Left effusion.", "Left pleural effusion.", (1, 1, 1, 0)),
        ("Left effusion. No pneumothorax.", "Left effusion. Clear lungs. Normal heart.", (1, 1, 1, 0)),
        ("Clear lungs.", "No acute cardiopulmonary abnormality.", (1, 1, 1, 0)),
        ("Clear lungs.", "Pneumothorax.", (0, 0, 0, 3)),
        ("Pneumothorax.", "Clear lungs.", (0, 0, 0, 3)),
        ("Left effusion. Cardiomegaly.", "Left effusion.", (1, 0.5, 0.6667, 1)),
        ("Left effusion.", "Right effusion.", (0.5, 0.5, 0.5, 0.5)),
        ("Bilateral effusions.", "Right effusion.", (0.75, 0.75, 0.75, 0.25)),
        ("Small effusion.", "Large effusion.", (0.7, 0.7, 0.7, 0.3)),
        ("4 cm mass.", "2 cm mass.", (0.75, 0.75, 0.75, 0.5)),
        ("Consolidation.", "Pneumonia.", (1, 1, 1, 0)),
        ("Atelectasis. Opacity.", "Atelectasis.", (1, 1, 1, 0)),
    ],
)
def test_report_against_report(reference: str, predicted: str, expected: tuple[float, ...]) -> None:
    scores, why = ReportComparer(reader()).compare(reference, predicted)
    assert tuple(round(scores[metric] or 0.0, 4) for metric in METRICS[:4]) == expected
    assert why == {}


def test_a_report_that_is_not_there() -> None:
    scorer = ReportComparer(reader())
    assert scorer.compare("", "x") == (dict.fromkeys(METRICS), dict.fromkeys(METRICS, "no report"))
    assert scorer.compare("x", " ") == (dict.fromkeys(METRICS), dict.fromkeys(METRICS, "no prediction"))


def test_the_command(cxr: Cxr) -> None:
    row = {
        "id": "a",
        "task": "binary",
        "question": "Is there an effusion?",
        "options": ["Yes", "No"],
        "answer": "Yes",
        "report": REPORT,
        "steps": STEPS,
        "prediction": "<think> There is a left effusion. </think><answer> A </answer>",
        "kept": {"as": "it is"},
    }
    done = cxr("score", stdin=json.dumps(row))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    signature = result.pop("scored_by")
    assert result == {
        **row,
        "scores": {
            "accuracy": 1.0,
            "format": 1.0,
            "factuality": 1.0,
            "completeness": 1 / 3,
            "effectiveness": 1.0,
            "radrscore": (1 + 1 / 3 + 1) / 3,
        },
        "why": {},
    }
    assert signature.startswith("engine:rules|lexicon:")
    assert "|unmentioned:normal|empty:null|version:" in signature


def test_a_row_without_a_prediction_is_rejected(cxr: Cxr) -> None:
    done = cxr("score", stdin='{"id": "a", "report": "Clear."}\n')
    assert done.returncode == 1
    assert done.stdout == ""
    reason = (
        "field `predictions`: missing, so there is nothing to score (if it has another name: --map prediction=COLUMN)"
    )
    assert done.stderr.splitlines() == [f"cxr: stdin:1: {reason} (id a)"]


def test_plain_texts_against_references(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("Left effusion.\nClear lungs.\n")
    (tmp_path / "true.txt").write_text("Left effusion.\nPneumothorax.\n")
    done = cxr("score", "said.txt", "--references", "true.txt", "--summary", "--format", "csv")
    assert done.stdout.splitlines()[:4] == [
        "task,metric,n,nulls,mean,low,high,reasons,set",
        "-,finding_precision,2,0,0.5,0.0,1.0,,c71835b5",
        "-,finding_recall,2,0,0.5,0.0,1.0,,c71835b5",
        "-,finding_f1,2,0,0.5,0.0,1.0,,c71835b5",
    ]
    (tmp_path / "short.txt").write_text("Left effusion.\n")
    missing = cxr("score", "said.txt", "--references", "short.txt")
    assert missing.stderr.splitlines()[-1] == "cxr: said.txt:2: no reference report has this id (id 2)"


def test_references_without_a_prediction_are_counted(cxr: Cxr, tmp_path: Path) -> None:
    """A file that broke off, for one; a part of the rows is no such file."""
    (tmp_path / "said.txt").write_text("Left effusion.\n")
    (tmp_path / "true.txt").write_text("Left effusion.\nPneumothorax.\n")
    note = "cxr: 1 of 2 reference reports have no prediction in said.txt"
    assert cxr("score", "said.txt", "--references", "true.txt").stderr.splitlines() == [note]
    assert cxr("score", "said.txt", "--references", "true.txt", "--limit", "1").stderr == ""


def test_folders_of_reports(cxr: Cxr, tmp_path: Path) -> None:
    for folder, text in (("said", "Left effusion."), ("true", "Right effusion.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "s1.txt").write_text(text)
    done = cxr("score", "said", "--references", "true")
    assert json.loads(done.stdout)["scores"]["finding_errors"] == 0.5


def test_summary_beside_rows(cxr: Cxr, tmp_path: Path) -> None:
    rows = "".join(f'{{"id": "{i}", "report": "Left effusion.", "prediction": "Effusion."}}\n' for i in range(3))
    done = cxr("score", "--summary", "--format", "json", "-o", "scored.jsonl", stdin=rows)
    assert json.loads(done.stdout)["rows"] == 3
    assert len((tmp_path / "scored.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("said", ["I am sorry, I cannot analyze medical images.", ".", "Lorem ipsum"])
def test_a_report_that_states_nothing_is_no_perfect_report(said: str) -> None:
    scores, why = ReportComparer(reader()).compare("No acute disease.", said)
    assert set(scores.values()) == {None}
    assert set(why.values()) == {"no finding in the prediction"}


def test_an_empty_reply_is_null_throughout(cxr: Cxr) -> None:
    for empty in ('""', "null"):
        row = f'{{"id":"a","question":"?","report":"Edema.","steps":["There is edema."],"prediction":{empty}}}'
        result = json.loads(cxr("score", stdin=row).stdout)
        assert set(result["scores"].values()) == {None}
        assert set(result["why"]) == set(result["scores"])


def test_files_that_are_read_are_not_written_over(cxr: Cxr, tmp_path: Path) -> None:
    rows = '{"id": "1", "report": "Edema."}\n'
    (tmp_path / "refs.jsonl").write_text(rows)
    (tmp_path / "said.txt").write_text("Edema.\n")
    for flags in (["-o", "refs.jsonl", "--overwrite"], ["--on-error", "skip", "--rejects", "refs.jsonl"]):
        done = cxr("score", "said.txt", "--references", "refs.jsonl", *flags)
        assert (done.returncode, (tmp_path / "refs.jsonl").read_text()) == (1, rows)


def test_an_empty_reply_is_zero_on_demand_only_where_there_is_something_to_count() -> None:
    assert parts(scored("", empty="zero")) == (0, 0, 0, 0)
    assert parts(scored("", empty="zero", report="")) == (None, 0, 0, None)


def test_two_models_are_no_one_file(cxr: Cxr, tmp_path: Path) -> None:
    for model in ("ours", "theirs"):
        (tmp_path / f"{model}.jsonl").write_text('{"id":"a","options":["Yes","No"],"answer":"No","prediction":"No"}\n')
    said = "doubled, first at ours.jsonl:1; --compare is for the files of several models (id a)"
    done = cxr("score", "ours.jsonl", "theirs.jsonl", "--summary")
    assert (done.returncode, done.stderr) == (1, f"cxr: theirs.jsonl:1: field `id`: {said}\n")
    assert cxr("score", "ours.jsonl", "theirs.jsonl", "--compare").returncode == 0
    (tmp_path / "twice.jsonl").write_text(2 * (tmp_path / "ours.jsonl").read_text())
    assert "--compare" not in cxr("score", "twice.jsonl", "--summary").stderr
