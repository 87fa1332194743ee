"""Open answers by their meaning, sets of findings, several answers in turn."""

import pytest

from cxr_cli.answers.answer_key import reference_texts
from cxr_cli.answers.grading import UNJUDGED, grade
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.answers.same_meaning import same_meaning


@pytest.mark.parametrize(
    ("given", "right", "same"),
    [
        ("RUL", "right upper lobe", True),
        ("the right upper lobe", "RUL", True),
        ("RUL", "RLL", False),
        ("three", "3", True),
        ("3 nodules", "three", True),
        ("two", "3", False),
        ("25", "2.5", False),
        ("one", "a single one", True),
        ("AP", "anteroposterior", True),
        ("It is an antero-posterior view.", "AP", True),
        ("PA view", "AP", False),
        ("postero-anterior", "PA", True),
        ("CXR", "chest X-ray", True),
        ("CT", "x-ray", False),
        ("on the left", "left", True),
        ("left lung", "left side", True),
        ("right", "left", False),
        ("both sides", "bilateral", True),
        ("left and right", "bilateral", True),
        ("enlarged heart", "cardiomegaly", True),
        ("PTX", "pneumothorax", True),
        ("no pneumothorax", "pneumothorax", False),
        ("large pleural effusion", "pleural effusion", True),
        ("left pleural effusion", "pleural effusion", True),
        ("pleural effusion", "left pleural effusion", False),
        ("left lower lobe pneumonia", "LLL pneumonia", True),
        ("right lower lobe pneumonia", "LLL pneumonia", False),
        ("pneumonia and effusion", "pneumonia", False),
        ("nodule", "mass", False),
        ("normal", "unremarkable", True),
        ("increased", "worse", True),
        ("male", "m", True),
        ("The patient is a woman.", "f", True),
        ("female", "m", False),
        ("5.6cm", "5.6 cm", True),
        ("56 mm", "5.6 cm", True),
        ("about 3 centimeters", "30 mm", True),
        ("5 cm", "5.6 cm", False),
        ("5.6", "5.6 cm", True),
        ("X. 光", "X光", True),
        (
            "the main image is missing the findings of effusion",
            "the main image has an additional finding of effusion",
            False,
        ),
        ("There is a new effusion.", "the main image has an additional finding of effusion", True),
        ("a cat", "pleural effusion", None),
        ("the superior vena cava", "the azygos vein", None),
    ],
)
def test_same_meaning(given: str, right: str, same: bool | None) -> None:
    assert same_meaning(given, right) is same


def test_a_bound_is_no_number() -> None:
    assert same_meaning("more than two", "2") is False
    assert same_meaning("at least 2", "2") is False
    assert same_meaning("more than two", "more than 2")


def test_bounds_on_two_sides_differ_and_a_place_is_no_bound() -> None:
    assert not same_meaning("more than 2", "fewer than 2")
    assert not same_meaning("at least 3", "fewer than 3")
    assert same_meaning("two nodules below the clavicle", "2")


def test_what_cannot_be_compared_is_null_with_a_reason() -> None:
    case = {"question": "Where does the line end?", "answer": "in the azygos vein"}
    scores, why = grade(case, "<answer>in the superior vena cava</answer>")
    assert (scores["accuracy"], why["accuracy"]) == (None, UNJUDGED)
    assert grade(case, "<answer>The azygos vein</answer>")[0]["accuracy"] == 1
    assert grade(case, "<answer>In the azygos vein.</answer>")[0]["accuracy"] == 1


@pytest.mark.parametrize(
    ("right", "said", "scores"),
    [
        ("Lung Opacity, Support Devices", "Support Devices, Lung Opacity", (1, 1, 1)),
        ("Lung Opacity, Support Devices", "<answer>Lung Opacity</answer>", (0, 2 / 3, 1 / 2)),
        ("Lung Opacity, Support Devices", "Lung Opacity, Support Devices, Edema", (0, 0.8, 2 / 3)),
        ("Lung Opacity, Support Devices", "Fracture", (0, 0, 0)),
        ("Lung Opacity, Support Devices", "No Finding", (0, 0, 0)),
        ("No Finding", "No Finding", (1, 1, 1)),
        ("Edema", "pulmonary edema", (1, 1, 1)),
        ("Edema", "Edema, Pneumonia", (0, 2 / 3, 1 / 2)),
    ],
)
def test_sets_of_findings(right: str, said: str, scores: tuple[float, float, float]) -> None:
    case = {"question": "Which findings does the film show?", "answer": right}
    found = grade(case, said)[0]
    metrics = ("accuracy", "answer_f1", "answer_jaccard")
    assert tuple(found[metric] for metric in metrics) == pytest.approx(scores)


def test_findings_that_prose_concludes() -> None:
    case = {"task": "multiple", "question": "Which findings are seen?", "answer": ["right pleural effusion"]}
    text = "The heart is enlarged at first sight.\n\nIn conclusion, there is a right pleural effusion. No pneumothorax."
    assert answer_of(case, text).texts == ["right pleural effusion"]
    assert grade(case, text)[0]["accuracy"] == 1
    assert grade(case, "I looked.\n\nConclusion: the lungs are clear.")[0]["accuracy"] == 0


@pytest.mark.parametrize(("answer", "reply"), [("B超", "CT"), ("A型", "B型"), ("B. Nodule", "yes")])
def test_a_letter_before_a_word_is_no_yes_or_no(answer: str, reply: str) -> None:
    case = {"question": "这是什么？", "answer": answer}
    assert grade(case, answer)[0]["accuracy"] == 1
    assert grade(case, reply)[0]["accuracy"] != 1


@pytest.mark.parametrize("reply", ["None.", "There are no abnormalities.", "No acute abnormality.", "no findings"])
def test_an_empty_list_is_right_where_there_is_nothing(reply: str) -> None:
    case = {"question": "List all abnormal findings.", "answer": []}
    assert grade(case, reply)[0] == {"accuracy": 1, "answer_f1": 1, "answer_jaccard": 1, "format": 0}
    assert grade(case | {"answer": ["edema"]}, reply)[0]["accuracy"] == 0


def test_answers_in_turns() -> None:
    """The last answer counts, each is kept, and all thoughts are the reasoning."""
    text = "<think>Round.</think><answer>A</answer><think>No, sharp.</think><answer>B</answer>"
    parts = parse_reply(text)
    assert (parts.answer, parts.answers, parts.think) == ("B", ("A", "B"), "Round.\nNo, sharp.")


def test_reasoning_beside_an_answer_in_json() -> None:
    parts = parse_reply('{"reasoning": "A line at the edge.", "answer": "B"}')
    assert (parts.think, parts.answer, parts.well_formed) == ("A line at the edge.", "B", False)


def test_no_answer_is_too_long() -> None:
    """Brackets nested deeper than Python's stack and numbers longer than it converts are no answer, and no crash."""
    course = {"question": "How has it changed?", "options": ["Improving", "Stable", "Worsening"], "answer": "Stable"}
    assert grade(course, "[" * 100_000 + "]" * 100_000)[0]["accuracy"] is None
    assert reference_texts({"answer": "1" * 10_000}, ("Edema", "Nodule")) is None
