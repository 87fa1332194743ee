"""`cxr verify --human`: people's marks as verdicts, beside the judge's, and how far they agree."""

from typing import Any

import pytest

from cxr_cli.verifying.human import HumanMarks, verdict_of
from cxr_cli.verifying.interrater import agreement_text
from tests.cases import lines, rows
from tests.conftest import Cxr

REPORT = "Small left effusion. No edema."
STEPS = ["I look at the pleura.", "There is a left effusion.", "There is edema.", "There is a nodule."]
CASE = {"id": "a", "report": REPORT, "steps": STEPS}


def mark(step: int, mark: str | None, by: str = "AB", **more: Any) -> dict[str, Any]:
    return {"id": "a", "on": "steps", "step": step, "text": STEPS[step - 1], "mark": mark, "by": by, **more}


@pytest.fixture
def human(cxr: Cxr, tmp_path: Any) -> Any:
    """`human(mark, ..)`: the checked case and what stderr says."""

    def run(*marks: dict[str, Any], case: dict[str, Any] = CASE, flags: tuple[str, ...] = ("--keep", "all")) -> Any:
        (tmp_path / "marks.jsonl").write_text(lines(*marks))
        done = cxr("verify", "--human", "marks.jsonl", *flags, stdin=lines(case))
        assert done.returncode == 0, done.stderr
        return rows(done.stdout), done.stderr

    return run


def test_marks_decide_and_the_judge_stays_as_second(human: Any) -> None:
    [row], said = human(
        mark(2, "agree"), mark(3, "disagree", comment="Kerley lines"), mark(4, "disagree", verdict="contradicted")
    )
    assert [step["verdict"] for step in row["steps"]] == ["not_checkable", "supported", "supported", "contradicted"]
    assert [step["reason"] for step in row["steps"]] == [
        "states no finding",
        "marked by AB",
        "Kerley lines",
        "marked by AB",
    ]
    assert [step.get("second") for step in row["steps"]] == [
        None,
        {"judge": "rules", "verdict": "supported", "reason": "pleural effusion is present"},
        {"judge": "rules", "verdict": "contradicted", "reason": "edema is absent"},
        {"judge": "rules", "verdict": "unmentioned", "reason": "nodule is not mentioned"},
    ]
    assert row["support"] == 2 / 3
    assert row["checked_by"].startswith("engine:human|by:AB|version:")
    assert " & engine:rules|lexicon:" in row["checked_by"]
    assert said == "cxr: AB and rules agree on 1 of 3 steps (0.333), Cohen's kappa 0.000\n"


def test_a_summary_tells_how_far_they_agree(human: Any, cxr: Cxr) -> None:
    [row], _ = human(mark(2, "agree"), mark(3, "disagree"), mark(4, "disagree", verdict="contradicted"))
    done = cxr("score", "--summary", stdin=lines({**row, "prediction": "There is a left effusion."}))
    assert done.returncode == 0, done.stderr
    assert "note: human and rules agree on 1 of 3 steps (0.333), Cohen's kappa 0.000" in done.stdout


def test_what_a_person_sets_is_what_is_kept(human: Any) -> None:
    [row], _ = human(mark(3, "disagree"), mark(2, "disagree"), flags=())
    assert [step["text"] for step in row["steps"]] == [STEPS[0], STEPS[2]]


def test_of_several_people_most_decide(human: Any) -> None:
    three = [mark(2, "disagree", "AB"), mark(2, "agree", "CD"), mark(2, "disagree", "EF")]
    [row], said = human(*three, mark(3, "agree", "CD"))
    assert [step["verdict"] for step in row["steps"]][1:3] == ["contradicted", "contradicted"]
    assert row["steps"][1]["reason"] == "marked by AB, EF"
    assert row["checked_by"].startswith("engine:human|by:AB,CD,EF|")
    assert said.splitlines() == [
        "cxr: AB and CD agree on 0 of 1 steps (0.000), Cohen's kappa 0.000",
        "cxr: AB and EF agree on 1 of 1 steps (1.000), Cohen's kappa -",
        "cxr: AB and rules agree on 0 of 1 steps (0.000), Cohen's kappa 0.000",
        "cxr: CD and EF agree on 0 of 1 steps (0.000), Cohen's kappa 0.000",
        "cxr: CD and rules agree on 2 of 2 steps (1.000), Cohen's kappa 1.000",
        "cxr: EF and rules agree on 0 of 1 steps (0.000), Cohen's kappa 0.000",
    ]


def test_a_comment_alone_and_a_later_mark(human: Any) -> None:
    [row], said = human(mark(2, None, comment="which lung?"), mark(3, "disagree"), mark(3, "agree"))
    assert [step["verdict"] for step in row["steps"]][1:3] == ["supported", "contradicted"]
    assert "second" not in row["steps"][1]
    assert said == "cxr: AB and rules agree on 1 of 1 steps (1.000), Cohen's kappa -\n"


def test_marks_of_other_rows_are_counted_and_change_nothing(human: Any) -> None:
    [row], said = human(mark(2, "disagree") | {"text": "Another text."}, mark(3, "disagree") | {"id": "b"})
    assert "engine:human" not in row["checked_by"]
    assert said == "cxr: 2 of 2 marked steps are not in these rows as they were marked\n"


def test_marks_of_predictions(human: Any) -> None:
    case = {"id": "a", "report": REPORT, "predictions": [{"text": "No."}, {"text": "There is edema.", "sample": 1}]}
    given = mark(1, "disagree") | {"text": "There is edema.", "on": "predictions", "sample": 1}
    [row], _ = human(given, case=case, flags=("--on", "predictions"))
    assert [[step["verdict"] for step in said["steps"]] for said in row["predictions"]] == [
        ["not_checkable"],
        ["supported"],
    ]
    assert [said["support"] for said in row["predictions"]] == [None, 1.0]


SAME = "There is edema."


def of_model(step_mark: str, **more: Any) -> dict[str, Any]:
    return mark(1, step_mark) | {"text": SAME, "on": "predictions", "sample": 0, **more}


@pytest.mark.parametrize(("answered_by", "verdict"), [("a", "contradicted"), ("b", "supported"), ("c", "contradicted")])
def test_marks_of_two_models_that_say_the_same(human: Any, answered_by: str, verdict: str) -> None:
    """The rules find the sentence contradicted, and so it stays for a model that nobody marked."""
    marks = [of_model("agree", answered_by="a", model="A"), of_model("disagree", answered_by="b", model="B")]
    case = {"id": "a", "report": REPORT, "predictions": [{"text": SAME}], "answered_by": answered_by}
    [row], said = human(*marks, case=case, flags=("--on", "predictions"))
    [step] = row["predictions"][0]["steps"]
    assert (step["verdict"], "second" in step) == (verdict, answered_by != "c")
    assert ("1 of 1 marked steps are not in these rows" in said) == (answered_by == "c")


def test_marks_that_name_no_model_hold_for_all_but_those_that_do_go_first(human: Any) -> None:
    case = {"id": "a", "report": REPORT, "predictions": [{"text": SAME}], "answered_by": "a"}
    [row], _ = human(of_model("disagree"), case=case, flags=("--on", "predictions"))
    assert row["predictions"][0]["steps"][0]["verdict"] == "supported"
    marks = [of_model("agree", answered_by="a"), of_model("disagree")]
    [row], _ = human(*marks, case=case, flags=("--on", "predictions"))
    assert row["predictions"][0]["steps"][0]["verdict"] == "contradicted"


def test_models_that_the_rows_do_not_tell_apart_are_left_to_the_judge(human: Any) -> None:
    case = {"id": "a", "report": REPORT, "predictions": [{"text": SAME}]}
    marks = [of_model("agree", answered_by=None, model="A"), of_model("disagree", answered_by=None, model="B")]
    [row], said = human(*marks, case=case, flags=("--on", "predictions"))
    assert "second" not in row["predictions"][0]["steps"][0]
    assert said == (
        "cxr: 1 marked step is left to the judge: two models have it, and no `answered_by` tells which was marked how\n"
    )


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("2026-11-28T10:00:00Z", "2026-11-28T09:00:00.000Z", "supported"),
        ("2026-11-28T10:00:00+02:00", "2026-11-28T09:00:00Z", "contradicted"),
        ("2026-11-28T10:00:00Z", None, "contradicted"),
        (None, None, "contradicted"),
    ],
)
def test_the_newer_mark_counts_wherever_it_stands(human: Any, first: Any, second: Any, verdict: str) -> None:
    [row], _ = human(mark(3, "disagree", at=first), mark(3, "agree", at=second))
    assert row["steps"][2]["verdict"] == verdict


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"by": "A|B"}, "field `by`: a name has no `|` and no control characters"),
        ({"by": "A\nB"}, "field `by`: a name has no `|` and no control characters"),
        ({"by": "A\u202eB"}, "field `by`: a name has no `|` and no control characters"),
        ({"at": "yesterday"}, "field `at`: not a time as in 2026-11-28T16:00:00Z"),
        ({"answered_by": 5}, "field `answered_by`: expected a string or null, got a whole number"),
    ],
)
def test_a_mark_that_cannot_be_used(cxr: Cxr, tmp_path: Any, wrong: dict[str, Any], reason: str) -> None:
    (tmp_path / "m.jsonl").write_text(lines(mark(1, "agree") | wrong))
    done = cxr("verify", "--human", "m.jsonl", stdin=lines(CASE))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: m.jsonl:1: {reason}\n")


@pytest.mark.parametrize(
    ("given", "judged", "verdict"),
    [
        ({"mark": "agree"}, "unmentioned", "unmentioned"),
        ({"mark": "agree"}, None, "supported"),
        ({"mark": "disagree"}, "supported", "contradicted"),
        ({"mark": "disagree"}, "contradicted", "supported"),
        ({"mark": "disagree"}, "unmentioned", "supported"),
        ({"mark": "disagree"}, None, "contradicted"),
        ({"mark": "disagree", "verdict": "not_checkable"}, "supported", "not_checkable"),
    ],
)
def test_a_mark_as_a_verdict(given: dict[str, Any], judged: str | None, verdict: str) -> None:
    assert verdict_of(given, judged) == verdict


def test_a_file_that_is_no_marks(cxr: Cxr, tmp_path: Any) -> None:
    (tmp_path / "m.jsonl").write_text(lines(mark(1, "agree"), mark(1, "maybe")) + '{"id":')
    done = cxr("verify", "--human", "m.jsonl", stdin=lines(CASE))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "cxr: m.jsonl:2: field `mark`: not one of agree, disagree\n"
    assert cxr("verify", "--human", "none.jsonl", stdin="").returncode == 2
    done = cxr("verify", "--human", "m.jsonl", "--judge", "rules,llm", "-m", "http://localhost:9/v1", stdin="")
    assert (done.returncode, "--human goes with one judge" in done.stderr) == (2, True)


def test_marks_of_a_failed_judge_give_support() -> None:
    step = {"text": STEPS[2], "verdict": None, "reason": "judge: timeout"}
    case = {"id": "a", "steps": [step], "support": None, "why": {"support": "judge: timeout"}, "checked_by": "x"}
    marks = HumanMarks([mark(3, "disagree") | {"step": 1}])
    row = marks.apply(case, "steps", "llm")
    assert (row["steps"][0]["verdict"], row["support"], row["why"]) == ("contradicted", 0.0, {})
    assert marks.report() == []


def test_agreement_is_told_in_one_line() -> None:
    pairs = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    assert agreement_text(("AB", "rules"), pairs) == "AB and rules agree on 35 of 50 steps (0.700), Cohen's kappa 0.400"
    assert agreement_text(("AB", "rules"), {}) == "AB and rules agree on 0 of 0 steps (-), Cohen's kappa -"
