"""`cxr verify`: what a checked case holds, what is kept, and the command itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.answers.steps import as_steps
from cxr_cli.verifying.filtering import CaseFilter
from tests.conftest import Cxr
from tests.engines.conversations import run_offline
from tests.verifying.chains import JUDGE, VERIFIER, case, verified


def test_a_verified_case() -> None:
    row = case(
        ["A small left effusion is seen.", "No edema is seen.", "So there is a large right effusion."], kept="as it is"
    )
    result = verified(row)
    assert result == {
        "id": "a",
        "report": "FINDINGS: Small left effusion.\nHeart normal.",
        "kept": "as it is",
        "steps": [
            {
                "text": "A small left effusion is seen.",
                "evidence": [{"start": 10, "end": 30}],
                "verdict": "supported",
                "reason": "pleural effusion is present",
            },
            {
                "text": "No edema is seen.",
                "evidence": [],
                "verdict": "supported",
                "reason": "edema is not mentioned, which counts as absent",
            },
            {
                "text": "So there is a large right effusion.",
                "evidence": [{"start": 10, "end": 30}],
                "verdict": "contradicted",
                "reason": "does not follow from the steps before it: pleural effusion is left, not right",
            },
        ],
        "support": 2 / 3,
        "checked_by": VERIFIER.signature,
    }
    assert VERIFIER.signature.startswith("engine:rules|lexicon:")
    assert "|unmentioned:normal|" in VERIFIER.signature


def test_a_chain_without_an_observation_goes_and_a_lone_statement_stays(cxr: Cxr) -> None:
    about = {"question": "Is there an effusion?", "options": ["Yes", "No"], "answer": "Yes"}
    alone = case(["There is a left effusion, so the answer is Yes."], **about)
    stated = case(["There is a left effusion."], id="b", **about)
    done = cxr("verify", stdin=json.dumps(alone) + "\n" + json.dumps(stated))
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["b"]
    assert "dropped 1 of 2 cases (1 no supported step)" in done.stderr


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"task": "binary", "findings": ["pleural effusion"], "answer": "No"}, "pleural effusion is present"),
        ({"task": "binary", "findings": ["edema"], "answer": "No"}, None),
        ({"task": "binary", "findings": ["cardiomegaly"], "answer": "Yes"}, "cardiac abnormality is absent"),
        ({"task": "single", "answer": "Right pleural effusion"}, "pleural effusion is left, not right"),
        ({"task": "multiple", "answer": ["Left pleural effusion"]}, None),
    ],
)
def test_an_answer_that_the_report_contradicts(row: dict[str, Any], fault: str | None) -> None:
    result = verified(case(["There is a left effusion."], **row))
    assert result.get("fault") == (fault and f"the report contradicts the answer: {fault}")


def test_a_second_check_takes_off_the_faults_of_the_first() -> None:
    about = {"task": "binary", "findings": ["pleural effusion"], "options": ["Yes", "No"]}
    first = verified(case(["There is a left effusion.", "There is a left effusion."], answer="No", **about))
    assert first["fault"].startswith("the report contradicts")
    assert first["steps"][1]["fault"] == "repeats step 1"
    first["steps"][1] |= {"text": "The answer is Yes.", "kind": "conclude"}
    second = verified({**first, "answer": "Yes"})
    assert "fault" not in second
    assert [step.get("fault") for step in second["steps"]] == [None, None]


def test_a_case_without_steps_keeps_nothing_of_an_earlier_check() -> None:
    """Why it has none stays, as does a column of the user's own."""
    why = {"steps": "engine: plan: refused", "second": "engine: verify: refused"}
    old = case([]) | {"steps": None, "fault": "the report contradicts the answer", "why": why, "second": "own"}
    checked = verified(old)
    assert ("fault" in checked, checked["second"]) == (False, "own")
    assert checked["why"] == {"steps": "engine: plan: refused", "support": "no steps"}


def test_no_check_keeps_the_second_verdict_of_another() -> None:
    step = {"text": "No edema.", "fault": "repeats step 1", "second": {"judge": "llm", "verdict": "contradicted"}}
    for report in ("FINDINGS: No edema.", "INDICATION: Cough."):  # one that says something, one that does not
        (checked,) = verified(case([step], report))["steps"]
        assert not {"fault", "second"} & checked.keys()


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (None, []),
        ("One. Two is longer.", ["One.", "Two is longer."]),
        ("1. First\n2) Second\n- Third", ["First", "Second", "Third"]),
        (["Step 1: Look.", " ", "2. See."], ["Look.", "See."]),
        ([{"text": "A", "kind": "plan"}, {"step": "B"}], ["A", "B"]),
        ({"step1": "A", "step2": "B"}, ["A", "B"]),
    ],
)
def test_anybodys_steps(given: Any, texts: list[str]) -> None:
    assert [step["text"] for step in as_steps(given)] == texts


def keep(how: Any, steps: list[str], min_support: float | None = None, **more: Any) -> list[list[str]]:
    kept = CaseFilter(how, min_support).filter_case(verified(case(steps, **more)))
    return [[step["text"] for step in row["steps"]] for row in kept]


def test_keep() -> None:
    chain = ["A left effusion is seen.", "There is a nodule.", "No edema is seen."]
    assert keep("steps", chain) == [["A left effusion is seen.", "No edema is seen."]]
    assert keep("cases", chain) == []
    assert keep("all", chain) == [chain]
    assert keep("all", chain, min_support=0.7) == []
    assert keep("steps", chain, min_support=0.6) == [["A left effusion is seen.", "No edema is seen."]]
    assert keep("steps", ["I look around.", "There is a nodule."]) == []
    assert keep("steps", ["A left effusion is seen.", "There is no effusion."]) == []


def test_on_predictions() -> None:
    row = {
        "id": "a",
        "report": "Left effusion.",
        "predictions": [{"text": "<think> A left effusion. A nodule. </think><answer> A </answer>", "sample": 0}],
    }
    (prediction,) = run_offline(JUDGE.predictions(row))["predictions"]
    assert [step["verdict"] for step in prediction["steps"]] == ["supported", "unmentioned"]
    assert prediction["support"] == 0.5


def test_the_command(cxr: Cxr) -> None:
    rows = [
        case(["A left effusion is seen.", "There is a nodule."]),
        {"id": "b", "report": "", "steps": ["x"]},
        {"id": "c", "report": "Clear lungs."},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    stopped = cxr("verify", stdin=text)
    assert stopped.returncode == 1
    assert (
        stopped.stderr.splitlines()[-1]
        == "cxr: stdin:2: field `report`: missing or empty, so there is nothing to verify against (id b)"
    )
    assert [json.loads(line)["id"] for line in stopped.stdout.splitlines()] == ["a"]
    skipped = cxr("verify", "--on-error", "skip", "--rejects", "bad.jsonl", stdin=text)
    assert skipped.returncode == 3
    assert skipped.stderr.splitlines() == [
        "cxr: 2 of 3 rows rejected -> bad.jsonl",
        "cxr: dropped 0 of 1 cases and 1 steps of the others",
    ]


def test_explain_shows_steps_and_never_the_report(cxr: Cxr) -> None:
    row = case(["There is a right effusion."], report="SECRETWORD left effusion.")
    done = cxr("verify", "--keep", "all", "--explain", stdin=json.dumps(row))
    assert done.stderr.splitlines() == [
        "cxr: a: support 0.00",
        "  x 1. There is a right effusion.",
        "       contradicted: pleural effusion is left, not right",
    ]
    assert "SECRETWORD" not in done.stderr


def test_other_peoples_names(cxr: Cxr) -> None:
    row = {"item_id": 7, "original_report": "Left effusion.", "reason_steps": "There is a left effusion. No edema."}
    mapping = "id=item_id,report=original_report,steps=reason_steps"
    done = cxr("verify", "--map", mapping, stdin=json.dumps(row))
    (result,) = map(json.loads, done.stdout.splitlines())
    assert result["id"] == "7"
    assert result["support"] == 1.0
    assert result["reason_steps"] == row["reason_steps"]


def test_its_own_input_on_stdin_is_not_written_over(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(case(["There is a left effusion."])) + "\n")
    before = path.read_text()
    with path.open() as stdin:
        command = [sys.executable, "-m", "cxr_cli", "verify", "-o", str(path), "--overwrite"]
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True)
    assert (done.returncode, path.read_text()) == (1, before)


def test_the_order_of_sets_does_not_show(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    pipe = f"{sys.executable} -m cxr_cli mine examples | {sys.executable} -m cxr_cli verify --keep all"
    outs = [
        subprocess.run(["bash", "-c", pipe], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in ("0", "1")
    ]
    assert outs[0] == outs[1] != b""
