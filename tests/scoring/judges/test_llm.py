"""`--judge llm` of `cxr verify` and `cxr score`: a scripted model over HTTP, its verdicts and its failures."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.scoring.metrics.rank_correlation import spearman
from cxr_cli.verifying.interrater import kappa
from tests.cases import rows
from tests.conftest import Cxr, needs
from tests.engines.scripted import Scripted, items, part, prompt_of
from tests.engines.server import Server, text_of

REPORT = "FINDINGS: Small left effusion. No edema."
STEPS = ["There is a left effusion.", "There is a nodule.", "The answer is Yes."]
CASE = {"id": "a", "report": REPORT, "steps": STEPS, "question": "Is there an effusion?", "answer": "Yes"}
TELLS = {"There is a nodule.": "contradicted", "The answer is Yes.": "not_checkable"}


def judged(
    cxr: Cxr, server: Server, command: str, *flags: str, given: Any = CASE, code: int = 0
) -> tuple[Any, list[str], str]:
    """The rows, and what was said on stderr besides the engine and its replies; stdout where it holds no rows."""
    text = "".join(json.dumps(row) + "\n" for row in (given if isinstance(given, list) else [given]))
    judge = () if "--judge" in flags else ("--judge", "llm")
    done = cxr(command, *judge, "-m", server.url, *flags, stdin=text)
    assert done.returncode == code, done.stderr
    notes = [line for line in done.stderr.splitlines() if "engine: openai" not in line and " tokens; " not in line]
    summary = "--summary" in flags or "--dry-run" in flags
    return [] if summary else rows(done.stdout), notes, done.stdout if summary else ""


@needs("llm")
def test_verdicts_of_a_model(cxr: Cxr) -> None:
    with Server(Scripted(verdict=lambda step: TELLS.get(step, "supported"))) as server:
        [row], notes, _ = judged(cxr, server, "verify", "--keep", "all")
    evidence = [{"start": 10, "end": 30}]
    assert row["steps"] == [
        {"text": STEPS[0], "evidence": evidence, "verdict": "supported", "reason": "so it is"},
        {"text": STEPS[1], "evidence": evidence, "verdict": "contradicted", "reason": "so it is"},
        {"text": STEPS[2], "evidence": evidence, "verdict": "not_checkable", "reason": "so it is"},
    ]
    assert (row["support"], notes) == (0.5, [])
    assert row["checked_by"].startswith("engine:openai|model:tiny|")
    assert "|unmentioned:normal|version:" in row["checked_by"]
    [asked] = server.requests
    assert "1. Small left effusion.\n2. No edema." in text_of(asked)
    assert "3. The answer is Yes." in text_of(asked)
    assert "a step that denies it is supported" in text_of(asked)


@needs("llm")
def test_a_contradiction_names_the_sentence_that_contradicts(cxr: Cxr) -> None:
    def judgement(*sentences: int) -> str:
        verdict = {"sentences": list(sentences), "reason": "so it is", "verdict": "contradicted"}
        return json.dumps(dict.fromkeys(("1", "2", "3"), verdict))

    with Server(Scripted(steps=[judgement(), judgement(2)])) as server:
        [row], notes, _ = judged(cxr, server, "verify", "--keep", "all")
        assert "unusable: `1`: contradicted, but by no sentence." in server.requests[1]["messages"][3]["content"]
    assert [step["verdict"] for step in row["steps"]] == ["contradicted"] * 3
    assert notes == []
    schema = server.requests[0]["response_format"]["json_schema"]["schema"]["properties"]["1"]["properties"]
    assert list(schema) == ["sentences", "reason", "verdict"]  # it looks before it judges


@needs("llm")
def test_what_is_silent_may_be_unknown(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        [row], _, _ = judged(cxr, server, "verify", "--unmentioned", "unknown")
        assert "claims it or denies it is unmentioned" in text_of(server.requests[0])
        judged(cxr, server, "score", "--unmentioned", "unknown", given={**CASE, "prediction": "An effusion. Yes."})
    assert "|unmentioned:unknown|" in row["checked_by"]
    assert any("present, absent or uncertain is wrong" in text_of(asked) for asked in server.requests)


@needs("llm")
def test_faults_are_found_whoever_judges(cxr: Cxr) -> None:
    steps = ["The report says effusion.", "A left effusion.", "A left effusion.", "So the answer is No."]
    case = {**CASE, "steps": steps, "options": ["Yes", "No"]}
    with Server(Scripted()) as server:
        [row], _, _ = judged(cxr, server, "verify", "--keep", "all", given=case)
    assert [(step["verdict"], step.get("fault")) for step in row["steps"]] == [
        ("not_checkable", "speaks of the report, not of the image"),
        ("supported", None),
        ("supported", "repeats step 2"),
        ("contradicted", None),
    ]


@needs("llm")
@pytest.mark.parametrize("keep", ["all", "steps", "cases"])
def test_what_was_not_judged_stays_and_is_not_called_verified(cxr: Cxr, keep: str) -> None:
    given = {**CASE, "why": {"old": "kept", "support": "stale"}}
    with Server(Scripted(steps=["SECRET", '{"1": "SECRET"}'])) as server:
        [row], notes, _ = judged(
            cxr, server, "verify", "--keep", keep, "--min-support", "0.5", "--explain", given=given, code=3
        )
    reason = "engine: unparsable: lacks 2, 3"
    assert [(s["text"], s["verdict"], s["reason"]) for s in row["steps"]] == [(text, None, reason) for text in STEPS]
    assert (row["support"], row["why"]) == (None, {"old": "kept", "support": reason})
    assert notes == [
        "cxr: a: support -",
        *(line for n, t in enumerate(STEPS, 1) for line in (f"  - {n}. {t}", f"       not judged: {reason}")),
        f"cxr: 1 rows failed. The first: {reason}",
        "cxr: 1 of 1 cases could not be judged and stay: `why` gives the reason",
    ]


@needs("llm")
def test_explain_shows_no_reason_of_a_model(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        _, notes, _ = judged(cxr, server, "verify", "--explain", given={**CASE, "steps": ["There is an effusion."]})
    assert notes == [
        "cxr: a: support 1.00",
        "  + 1. There is an effusion.",
        "       supported: does not give the answer",
        "cxr: dropped 1 of 1 cases (1 no supported step) and 0 steps of the others",
    ]


@needs("llm")
def test_two_judges_of_steps(cxr: Cxr) -> None:
    steps = ["There is an effusion.", "There is no edema.", "There is a nodule.", "There is a mass.", "Answer: Yes."]
    case = {**CASE, "steps": steps}
    verdicts = dict(zip(steps, ["supported", "contradicted", "unmentioned", "supported", "not_checkable"], strict=True))
    with Server(Scripted(verdict=verdicts.__getitem__)) as server:
        [row], notes, _ = judged(cxr, server, "verify", "--judge", "rules,llm", "--keep", "all", given=case)
        [other], again, _ = judged(cxr, server, "verify", "--judge", "llm,rules", "--keep", "all", given=case)
    rules = ["supported", "supported", "unmentioned", "unmentioned", "not_checkable"]
    assert [step["verdict"] for step in row["steps"]] == rules
    assert [step["second"]["verdict"] for step in row["steps"]] == list(verdicts.values())
    assert row["steps"][1]["second"] == {"judge": "llm", "verdict": "contradicted", "reason": "so it is"}
    assert row["support"] == 0.5
    assert row["checked_by"].startswith("engine:rules|")
    assert " & engine:openai|" in row["checked_by"]
    assert [step["verdict"] for step in other["steps"]] == list(verdicts.values())
    assert [step["second"]["verdict"] for step in other["steps"]] == rules
    # 3 of 5 agree; by chance 2/5 2/5 + 2/5 1/5 + 1/5 1/5 = 7/25
    assert notes == ["cxr: rules and llm agree on 3 of 5 steps (0.600), Cohen's kappa 0.444"]
    assert again == ["cxr: llm and rules agree on 3 of 5 steps (0.600), Cohen's kappa 0.444"]
    assert len(server.requests) == 1


@needs("llm")
def test_a_second_judge_that_fails(cxr: Cxr) -> None:
    with Server(Scripted(steps=["", ""])) as server:
        [row], notes, _ = judged(cxr, server, "verify", "--judge", "rules,llm", "--keep", "all", code=3)
    assert {step["second"]["verdict"] for step in row["steps"]} == {None}
    assert row["support"] == 0.5
    assert row["why"] == {"second": "engine: unparsable: not JSON"}
    assert notes == [
        "cxr: 1 rows failed. The first: engine: unparsable: not JSON",
        "cxr: rules and llm agree on 0 of 0 steps (-), Cohen's kappa -",
    ]


@needs("llm")
def test_predictions_are_judged_one_by_one(cxr: Cxr) -> None:
    predictions = [{"text": "A left effusion."}, {"text": "A nodule."}, {"text": ""}]
    case = {**CASE, "predictions": predictions}
    with Server(Scripted(verdict=lambda step: "supported" if "effusion" in step else "unmentioned")) as server:
        [row], _, _ = judged(cxr, server, "verify", "--on", "predictions", given=case)
    assert [prediction["support"] for prediction in row["predictions"]] == [1.0, 0.0, None]
    assert len(server.requests) == 2
    bad = Scripted(steps=[{"message": {"content": ""}, "finish_reason": "content_filter"}] * 4)
    with Server(bad) as server:
        [row], notes, _ = judged(
            cxr, server, "verify", "--on", "predictions", "--min-support", "1", "--no-cache", given=case, code=3
        )
    reason = "engine: the server filtered the reply"
    assert [prediction["why"] for prediction in row["predictions"]] == [{"support": reason}] * 2
    assert notes[1:] == ["cxr: 1 of 1 cases could not be judged and stay: `why` gives the reason"]


PARTS = ("factuality", "completeness", "effectiveness", "radrscore")
PREDICTION = "<think> A left effusion. A nodule. It is big. No edema. </think><answer> Yes </answer>"
TRUE = {
    "correct": {"A left effusion.: present", "No edema.: present", "It is big.: present"},
    "recalled": {"There is a left effusion.: present"},
    "effective": {"A left effusion.", "No edema."},
}
HALF = Scripted(true=lambda prompt, text: text in TRUE[prompt])


@needs("llm")
def test_scores_of_a_model(cxr: Cxr) -> None:
    with Server(HALF) as server:
        [row], notes, _ = judged(
            cxr, server, "score", given={**CASE, "prediction": PREDICTION, "options": ["Yes", "No"]}
        )
    assert row["scores"] == {
        "accuracy": 1.0,
        "format": 1.0,
        "factuality": 3 / 4,
        "completeness": 1 / 3,
        "effectiveness": 2 / 4,
        "radrscore": (3 / 4 + 1 / 3 + 2 / 4) / 3,
    }
    assert (row["why"], notes) == ({}, [])
    assert row["scored_by"].startswith("engine:openai|model:tiny|")
    assert "|unmentioned:normal|empty:null|version:" in row["scored_by"]
    assert sorted(map(prompt_of, server.requests)) == ["correct", "effective", "findings", "findings", "recalled"]
    correct = next(asked for asked in server.requests if prompt_of(asked) == "correct")
    assert items(part(correct, "Report")) == {"1": "Small left effusion.", "2": "No edema."}
    assert "to state it as absent is correct" in text_of(correct)


@needs("llm")
def test_an_empty_prediction_is_given_no_credit_and_asks_nothing(cxr: Cxr) -> None:
    for said in ("", None, "<think> </think><answer> Yes </answer>"):
        with Server(HALF) as server:
            [row], _, _ = judged(cxr, server, "score", given={**CASE, "prediction": said})
            [zero], _, _ = judged(cxr, server, "score", "--empty", "zero", given={**CASE, "prediction": said})
        assert server.requests == []
        assert {name: row["scores"][name] for name in PARTS} == dict.fromkeys(PARTS)
        assert {name: row["why"][name] for name in PARTS} == {
            "factuality": "no observation predicted",
            "completeness": "no reasoning",
            "effectiveness": "no observation predicted",
            "radrscore": "no factuality",
        }
        assert {name: zero["scores"][name] for name in PARTS} == dict.fromkeys(PARTS, 0.0)


@needs("llm")
def test_a_prediction_that_states_nothing_is_given_no_credit(cxr: Cxr) -> None:
    with Server(Scripted(findings=['{"findings": []}'])) as server:
        [row], _, _ = judged(cxr, server, "score", "--concurrency", "1", given={**CASE, "prediction": "I cannot tell."})
    assert [row["scores"][name] for name in PARTS] == [None, 0.0, None, None]
    assert len(server.requests) == 2


@needs("llm")
def test_what_is_missing_is_not_asked_for(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        [row], _, _ = judged(cxr, server, "score", given={"id": "a", "question": "?", "prediction": "An effusion."})
    assert {row["why"][name] for name in PARTS} == {"no report", "no reference steps", "no factuality"}
    assert len(server.requests) == 1


@needs("llm")
def test_counts_never_exceed_what_they_are_a_share_of(cxr: Cxr) -> None:
    many = json.dumps({str(n): True for n in range(1, 9)})
    with Server(Scripted(correct=[many, many], recalled=['{"1": 3, "2": true, "3": true}', None])) as server:
        case = {**CASE, "prediction": PREDICTION}
        [row], notes, _ = judged(cxr, server, "score", given=case, code=3)
        server.answer = Scripted(correct=[many, many], recalled=['{"1": 3, "2": true, "3": true}', None])
        [zero], _, _ = judged(cxr, server, "score", "--empty", "zero", given=case, code=3)
    assert [row["scores"][name] for name in PARTS] == [None, 1.0, 1.0, None]
    assert {name: row["why"][name] for name in ("factuality", "radrscore")} == {
        "factuality": "engine: unparsable: holds more than was asked for",
        "radrscore": "no factuality",
    }
    assert [zero["scores"][name] for name in PARTS] == [None, 1.0, 1.0, None]
    assert notes == ["cxr: 1 rows failed. The first: engine: unparsable: holds more than was asked for"]


@needs("llm")
def test_samples_are_averaged_and_the_reference_is_read_once(cxr: Cxr) -> None:
    case = {**CASE, "predictions": [{"text": "A left effusion."}, {"text": "A nodule."}, {"text": ""}]}
    with Server(HALF) as server:
        [row], _, _ = judged(cxr, server, "score", "--no-cache", given=case)
    assert [row["scores"][name] for name in PARTS] == [0.5, 1 / 3, 0.5, (1 + 1 / 3 + 1 + 0 + 1 / 3 + 0) / 6]
    assert len(server.requests) == 2 + 1 + 2 * 3


@needs("llm")
def test_rows_keep_their_order(cxr: Cxr) -> None:
    given = [{**CASE, "id": str(n), "prediction": "" if n % 3 else f"Effusion {n}."} for n in range(12)]
    with Server(Scripted()) as server:
        scored, _, _ = judged(cxr, server, "score", "--concurrency", "4", given=given)
        verified, _, _ = judged(cxr, server, "verify", "--concurrency", "4", given=given)
    assert [row["id"] for row in scored] == [row["id"] for row in verified] == [str(n) for n in range(12)]


@needs("llm")
def test_two_judges_of_reasoning(cxr: Cxr, tmp_path: Path) -> None:
    said = ["A left effusion.", "A nodule. A left effusion.", "A nodule.", ""]
    given = [{**CASE, "id": str(n), "task": "binary", "prediction": text} for n, text in enumerate(said)]
    flags = ("--judge", "rules,llm", "--summary")
    with Server(HALF) as server:
        _, notes, table = judged(cxr, server, "score", *flags, "-o", "scored.jsonl", given=given)
        _, _, text = judged(cxr, server, "score", *flags, "--format", "json", given=given)
        _, _, sheet = judged(cxr, server, "score", *flags, "--format", "csv", given=given)
    scored = rows((tmp_path / "scored.jsonl").read_text())
    assert [row["scores"]["factuality"] for row in scored] == [1, 0.5, 0, None]
    assert [row["scores"]["llm_factuality"] for row in scored] == [1, 0.5, 0, None]
    assert scored[3]["why"]["llm_factuality"] == "no observation predicted"
    assert {f"{prefix}{name}" for prefix in ("", "llm_") for name in PARTS} <= scored[0]["scores"].keys()
    lines = {line["metric"]: line for line in json.loads(text)["lines"]}
    assert lines["llm_factuality"]["mean"] == 0.5
    agreement = lines["agreement_factuality"]
    assert (agreement["task"], agreement["n"], agreement["nulls"], agreement["mean"]) == ("all", 3, 1, pytest.approx(1))
    assert "agreement_factuality" in table
    assert "note: agreement_*: Spearman's rank correlation between the first judge and llm, row by row" in table
    assert any(line.startswith("all,agreement_radrscore,3,1,") for line in sheet.splitlines())
    assert notes == []


@needs("llm")
def test_a_second_run_and_a_dry_run_ask_nothing(cxr: Cxr) -> None:
    given = [{**CASE, "id": str(n), "prediction": f"{PREDICTION} {n}"} for n in range(3)]
    with Server(Scripted()) as server:
        _, notes, plan = judged(cxr, server, "score", "--dry-run", "--summary", given=given)
        assert (server.paths, notes) == ([], [])
        first, _, _ = judged(cxr, server, "score", given=given)
        asked = len(server.requests)
        assert judged(cxr, server, "score", given=given)[0] == first
        assert len(server.requests) == asked
        assert plan.splitlines()[0].split() == ["requests", str(asked)]
        _, _, plan = judged(cxr, server, "verify", "--dry-run", given=given)
        judged(cxr, server, "verify", given=given)
        assert plan.splitlines()[0].split() == ["requests", str(len(server.requests) - asked)]


def test_measures_of_agreement() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 20, 40]) == pytest.approx(0.9486833)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1], [1]) is None
    assert kappa({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}) == pytest.approx(0.4)
    assert kappa({("a", "a"): 7}) is None
    assert kappa({}) is None


@needs("llm")
@pytest.mark.parametrize(("right", "accuracy"), [(True, 1.0), (False, 0.0)])
def test_open_answers_that_rules_cannot_compare(cxr: Cxr, right: bool, accuracy: float) -> None:
    """The model is asked about them alone: what the rules can read, they read."""
    case = {"id": "a", "question": "Where does the line end?", "answer": "in the azygos vein"}
    with Server(Scripted(same=[json.dumps({"right": right})])) as server:
        [row], notes, _ = judged(cxr, server, "score", given={**case, "prediction": "<answer>in the cava</answer>"})
        assert (row["scores"]["accuracy"], notes) == (accuracy, [])
        assert "accuracy" not in row["why"]
        [asked] = [asked for asked in server.requests if prompt_of(asked) == "same"]
        assert (part(asked, "Right answer"), part(asked, "Answer")) == ("in the azygos vein", "in the cava")
        known = {**case, "answer": "the right upper lobe", "prediction": "<answer>RUL</answer>"}
        [row], _, _ = judged(cxr, server, "score", given=known)
    assert row["scores"]["accuracy"] == 1.0
    assert len([asked for asked in server.requests if prompt_of(asked) == "same"]) == 1
