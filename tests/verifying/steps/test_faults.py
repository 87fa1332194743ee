"""What is wrong with a step beside its findings."""

from typing import Any

import pytest

from cxr_cli.verifying.steps import step_words
from tests.verifying.chains import case, verified


@pytest.mark.parametrize(
    ("text", "verdict", "reason", "fault"),
    [
        (
            "According to the report there is an effusion.",
            "not_checkable",
            "speaks of the report, not of the image",
            True,
        ),
        (
            "The effusion has grown since the prior film.",
            "not_checkable",
            "speaks of a prior film, and there is none",
            True,
        ),
        ("The effusion is 3 cm deep on the left.", "unmentioned", "the measurement 30 mm is not in the report", False),
        ("Heart normal.", "supported", "cardiac abnormality is absent", False),
        ("I look at the costophrenic angles.", "not_checkable", "states no finding", False),
    ],
)
def test_what_is_wrong_with_a_step(text: str, verdict: str, reason: str, fault: bool) -> None:
    step = verified(case([text, "Done."]))["steps"][0]
    assert (step["verdict"], step["reason"], "fault" in step) == (verdict, reason, fault)


def test_a_prior_film_may_be_spoken_of_where_there_is_one() -> None:
    text = "The effusion is larger than on the prior film."
    with_prior = verified(case([text, "."], prior={"id": "b"}))["steps"][0]
    told = verified(case([text, "."], "Left effusion, compared to the prior study larger."))["steps"][0]
    assert "fault" not in with_prior
    assert "fault" not in told


def test_doubled_steps() -> None:
    steps = verified(case(["A left effusion.", "A left  effusion!", "There is a left effusion."]))["steps"]
    assert [step.get("fault") for step in steps] == [None, "repeats step 1", None]


def test_a_conclusion_must_give_the_answer_of_its_case() -> None:
    asked = {
        "question": "Is there an effusion?",
        "options": ["Yes", "No"],
        "answer": "Yes",
        "findings": ["pleural effusion"],
    }

    def last(text: str) -> tuple[str, str, str | None]:
        step = verified(case(["There is a left effusion.", text], **asked))["steps"][-1]
        return step["verdict"], step["reason"], step.get("fault")

    assert last("An effusion is present, so the answer is Yes.") == ("supported", "pleural effusion is present", None)
    assert last("So the answer is No.") == ("contradicted", "concludes another answer than the case's", None)
    assert last("More films would help.") == ("not_checkable", "states no finding", "does not give the answer")


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["Effusion", "Nodule", "Both A and B", "Edema"], "Both A and B"),
        (["Effusion", "Nodule", "Effusion & nodule"], "Effusion & nodule"),
        (["Effusion", "Nodule", "All of the above"], "All of the above"),
        (["Effusion", "Nodule", "Edema"], ["Effusion", "Nodule"]),
    ],
)
def test_a_last_step_that_states_a_part_of_the_answer(options: list[str], answer: Any) -> None:
    """It is no wrong answer, unless it calls that part the answer."""

    def last(text: str) -> tuple[str, str | None]:
        row = case(["The left angle is blunted.", text], options=options, answer=answer, question="Which is seen?")
        step = verified(row)["steps"][-1]
        return step["verdict"], step.get("fault")

    assert last("There is an effusion.") == ("supported", "does not give the answer")
    assert last("So the answer is Effusion.") == ("contradicted", None)
    assert last("So the answer is A.") == ("contradicted", None)


@pytest.mark.parametrize(
    ("before", "fault"),
    [
        ([], "rests on no observation"),
        ([{"text": "I look at the pleural spaces.", "kind": "plan"}], "rests on no observation"),
        (["I look at the pleural spaces for an effusion."], "rests on no observation"),
        (["There is no effusion."], "rests on no observation"),
        (["There is a nodule.", "According to the report there is an effusion."], "rests on no observation"),
        (["The left angle is blunted."], None),
        (["The heart is normal."], None),
        (["Something that no lexicon knows is seen."], None),
    ],
)
@pytest.mark.parametrize(
    "last", ["There is an effusion, so the answer is Yes.", {"text": "There is an effusion.", "kind": "conclude"}]
)
def test_a_conclusion_must_rest_on_an_observation(before: list[Any], fault: str | None, last: Any) -> None:
    """On one that is not wrong: what verification takes away carries nothing."""
    row = case([*before, last], answer="Yes", options=["Yes", "No"], question="Is there an effusion?")
    assert verified(row)["steps"][-1].get("fault") == fault


def test_measurements() -> None:
    assert step_words.measurements("3.2 x 4 cm, 5mm, about 30-40%") == {(32, "mm"), (40, "mm"), (5, "mm"), (40, "%")}
