"""Open answers by their meaning, sets of findings, several answers in turn, and the time that reading takes."""

from collections.abc import Callable

import pytest

from cxr_cli.answers.answer_key import reference_texts
from cxr_cli.answers.grading import UNJUDGED, grade
from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.answers.same_meaning import same_meaning
from cxr_cli.answers.steps import as_steps
from tests.timing import assert_linear


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
        ("a cat", "pleural effusion", None),
        ("the superior vena cava", "the azygos vein", None),
    ],
)
def test_same_meaning(given: str, right: str, same: bool | None) -> None:
    assert same_meaning(given, right) is same


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


def test_answers_in_turns() -> None:
    """The last answer counts, each is kept, and all thoughts are the reasoning."""
    text = "<think>Round.</think><answer>A</answer><think>No, sharp.</think><answer>B</answer>"
    parts = parse_reply(text)
    assert (parts.answer, parts.answers, parts.think) == ("B", ("A", "B"), "Round.\nNo, sharp.")


def test_reasoning_beside_an_answer_in_json() -> None:
    parts = parse_reply('{"reasoning": "A line at the edge.", "answer": "B"}')
    assert (parts.think, parts.answer, parts.well_formed) == ("A line at the edge.", "B", False)


NOISE = [
    "the answer is A. ",
    "答案是A，", "not A, but B. ", '{"answer": "A", ', "[A, ",
    "A? No, ", "\\boxed{A} ", "la la la ",
    "There is no pleural effusion. ", "A) Hernia: no\n", "Réponse : ", "<think>", "{",
    "either A or B ", "(((", "''", "Option A is wrong. ",
    "правильный ", "all but A ", "A: no, ", "```json\n", "1. A\n", "so so so ", "Answer: ",
    "option b which ", "possible ", " ", ".", "_", "\n", "shows edema, ", "yes ",
]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
def test_time_is_linear_in_the_length(noise: str) -> None:
    case = {
        "question": "Is there an effusion?",
        "options": ["Yes", "No"],
        "answer": "No",
        "findings": ["pleural effusion"],
    }
    assert_linear(lambda text: grade(case, text), noise)


COURSES = {"question": "How has it changed?", "options": ["Improving", "Stable", "Worsening"], "answer": "Stable"}
OPEN = {"question": "What is seen?", "answer": "Edema"}
READINGS: list[tuple[str, Callable[[str], object], str]] = [  # what may stand in the way of one reading or another
    ("an open tag", lambda text: parse_reply(f"<{text[2:]}"), " "),
    ("a tag full of blanks", lambda text: grade(OPEN, f"<answer>a{text}a</answer>"), " "),
    ("a tag full of stops", lambda text: grade(OPEN, f"<answer>a{text}a</answer>"), "."),
    ("a tag full of signs", lambda text: grade(OPEN, f"<answer>a{text}a</answer>"), "_"),
    ("a fence that is never closed", lambda text: grade(OPEN, f"```{text[2:]}"), " "),
    ("a box with blanks behind it", lambda text: grade(OPEN, "\\boxed{B}" + text[2:]), " "),
    ("a cut-off thought", lambda text: grade(COURSES, f"<think>a{text}a", "length"), "\n"),
    ("words of the options", lambda text: grade(COURSES, text), "stable "),
    ("a question of blanks", lambda text: parse_prompt(f"What{text}is seen?"), " "),
    ("an option of blanks", lambda text: parse_prompt(f"Which? Options:\nA) {text[2:]}"), " "),
    ("a right answer of blanks", lambda text: reference_texts({"answer": f"A{text[2:]}x"}, ("A", "B")), " "),
    ("steps with line ends", lambda text: as_steps(f"1. a{text}b"), "\n"),
]


@pytest.mark.parametrize(("reading", "noise"), [x[1:] for x in READINGS], ids=[x[0] for x in READINGS])
def test_time_of_each_reading_is_linear(reading: Callable[[str], object], noise: str) -> None:
    assert_linear(reading, noise)


def test_no_answer_is_too_long() -> None:
    """Brackets nested deeper than Python's stack and numbers longer than it converts are no answer, and no crash."""
    assert grade(COURSES, "[" * 100_000 + "]" * 100_000)[0]["accuracy"] is None
    assert reference_texts({"answer": "1" * 10_000}, ("Edema", "Nodule")) is None
