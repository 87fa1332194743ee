"""Options and answers in the shapes that people bring."""

from typing import Any

import pytest

from cxr_cli.errors import RowError
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.sources.shapes import own_shape

TEXTS = ["Yes", "No", "Unclear"]


@pytest.mark.parametrize(
    "options",
    [
        TEXTS,
        ["A. Yes", "B. No", "C. Unclear"],
        ["A) Yes", "(B) No", "c: Unclear"],
        ["[A] Yes", "B\u3001No", "\uff08C\uff09Unclear"],
        {"A": "Yes", "B": "No", "C": "Unclear"},
        {"C": "Unclear", "A": "Yes", "B": "No"},
        {"0": "Yes", "1": "No", "2": "Unclear"},
        '["Yes", "No", "Unclear"]',
        '{"A": "Yes", "B": "No", "C": "Unclear"}',
    ],
)
def test_options(options: Any) -> None:
    assert own_shape({"id": "1", "options": options}, "f:1") == {"id": "1", "options": TEXTS}


@pytest.mark.parametrize(
    "columns",
    [
        {"option_0": "Yes", "option_1": "No", "option_2": "Unclear", "option_3": None},
        {"option_a": "Yes", "option_b": "No", "option_c": "Unclear", "option_d": float("nan")},
        {"Choice A": "A:Yes", "Choice B": "B:No", "Choice C": "C:Unclear"},
        {"OptionC": "Unclear", "OptionB": "No", "OptionA": "Yes"},
    ],
)
def test_options_in_columns(columns: dict[str, Any]) -> None:
    row = own_shape({"id": "1", "answer": 1, **columns}, "f:1")
    assert (row["options"], row["answer"]) == (TEXTS, "No")


@pytest.mark.parametrize(
    "answer", ["No", "no", "No.", "B", "b", "(B)", "B.", "B) No", "B. no", "[B]", 1, 1.0, "1", ["B"], ["No"]]
)
def test_an_answer_as_text_letter_or_number(answer: Any) -> None:
    row = own_shape({"id": "1", "options": TEXTS, "answer": answer}, "f:1")
    assert row["answer"] == (["No"] if isinstance(answer, list) else "No")


@pytest.mark.parametrize("answer", ["Maybe", "D", 7, "B) Maybe", "B, D", "<answer> B </answer>", None, True, {"a": 1}])
def test_an_answer_that_names_no_option_stays(answer: Any) -> None:
    row = own_shape({"id": "1", "options": TEXTS, "answer": answer}, "f:1")
    assert row["answer"] == ({7: "7", True: "True"}.get(answer, answer) if not isinstance(answer, dict) else answer)


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["B", "A"], "A"),
        (["1", "2", "3"], 1),
        (["1.", "2.", "3."], "2"),
        (["B. No", "A. Yes"], "A"),
        (["1. Yes", "2. No"], "1"),
        (["(1) Yes", "(2) No", "(3) Unclear"], 2),
        (["Yes", "No"], 1),
        (["Yes", "No"], "0"),
        (["Yes", "No"], "B) Yes"),
    ],
)
def test_an_answer_that_fits_two_ways_is_refused(options: list[str], answer: Any) -> None:
    """The number 1 may be the second option, or Yes."""
    with pytest.raises(RowError, match="it may mean two options"):
        own_shape({"id": "1", "options": options, "answer": answer}, "f:1")
    row = {"id": "1", "options": options, "answer": answer, "answered_by": "engine:vllm"}
    assert own_shape(row, "f:1")["options"] == options  # a stage has read it before


@pytest.mark.parametrize(("options", "answer"), [(["1", "2", "3"], "2"), (["1", "2"], ["1"])])
def test_the_text_of_an_option_means_that_option(options: list[str], answer: Any) -> None:
    row = {"id": "1", "options": options, "answer": answer}
    assert own_shape(row, "f:1") == row


@pytest.mark.parametrize("form", [lambda number: f"option_{number}", lambda number: f"choice{number}"])
def test_options_that_are_numbered_from_one(form: Any) -> None:
    """The number 1 may be the first, as it is called, or the second, counted from 0."""
    columns = {form(number): text for number, text in enumerate(TEXTS, 1)}
    assert own_shape({"id": "1", "answer": "B", **columns}, "f:1")["answer"] == "No"
    assert own_shape({"id": "1", "answer": 3, **columns}, "f:1")["answer"] == "Unclear"
    for answer in (1, "2"):
        with pytest.raises(RowError, match="it may mean two options"):
            own_shape({"id": "1", "answer": answer, **columns}, "f:1")


@pytest.mark.parametrize("blank", [None, "", float("nan")])
def test_options_behind_a_blank_keep_their_letters(blank: Any) -> None:
    letters = {"A": "A. Yes", "B": blank, "C": "C. No", "D": blank}
    for answer in ("C", 2, "no"):
        for row in ({"options": letters}, {f"Choice {letter}": text for letter, text in letters.items()}):
            case = own_shape({"id": "1", "answer": answer, **row}, "f:1")
            assert (case["options"], case["answer"]) == (["Yes", "No"], "No")


def test_columns_that_are_no_options() -> None:
    row: dict[str, Any] = {"id": "1", "choices": '["Yes", "No"]', "Options": None, "answer": "A"}
    assert own_shape(row, "f:1") == row
    row = {"id": "1", "report": "Clear.", "choice 1": None, "option_a": ""}
    assert own_shape(row, "f:1") == row


@pytest.mark.parametrize(
    "row",
    [
        {"options": {"0": "Yes", "1": "No"}},
        {"options": {"1": "No", "2": "Yes"}},
        {"option_0": "Yes", "option_1": "No"},
    ],
)
def test_a_number_that_is_a_key(row: dict[str, Any]) -> None:
    """It is no truth value and, in an object, no place."""
    assert own_shape({"id": "1", "answer": 1, **row}, "f:1")["answer"] == "No"


def test_letter_and_text_that_agree_are_one_way() -> None:
    assert own_shape({"id": "1", "options": ["No", "Yes"], "answer": 1}, "f:1")["answer"] == "Yes"
    assert own_shape({"id": "1", "options": ["B", "A"], "answer": "A) B"}, "f:1")["answer"] == "B"
    assert own_shape({"id": "1", "options": ["0", "1", "2"], "answer": 1}, "f:1")["answer"] == "1"


def test_equal_content_has_an_equal_fingerprint() -> None:
    shapes: list[dict[str, Any]] = [
        {"options": ["Yes", "No"], "answer": "No"},
        {"options": {"A": "Yes", "B": "No"}, "answer": "B"},
        {"options": '["A. Yes", "B. No"]', "answer": "B) No"},
        {"option_0": "Yes", "option_1": "No", "answer": "(b)"},
    ]
    prints = set()
    for shape in shapes:
        fingerprint = Fingerprint()
        fingerprint.add(own_shape({"id": "1", "question": "Edema?", **shape}, "f:1"))
        prints.add(str(fingerprint))
    assert len(prints) == 1


def test_a_letter_that_stands_twice_is_one_answer() -> None:
    assert own_shape({"id": "1", "options": TEXTS, "answer": "B, B"}, "f:1")["answer"] == ["No"]


@pytest.mark.parametrize(
    "options",
    [{"A": "Yes", "B": "", "C": "No"}, ["A. Yes", "B. No", "D. Unclear"], ["B. No", "A. Yes"], {"B": "Yes", "C": "No"}],
)
def test_a_reply_from_elsewhere_to_options_under_other_letters(options: Any) -> None:
    """Whether its letters are those of the row or of the places, nothing says; without a reply they are ours."""
    row = {"id": "1", "question": "Q?", "options": options, "answer": "Yes"}
    with pytest.raises(RowError, match=r"field `options`: their letters are [A-D, ]+, so a letter"):
        own_shape(row | {"prediction": "B"}, "f:1")
    assert own_shape(row, "f:1")["question"] == "Q?"


@pytest.mark.parametrize("options", [{"A": "Yes", "B": "No", "C": ""}, {"1": "Yes", "2": "No"}, ["A. Yes", "B. No"]])
def test_a_reply_from_elsewhere_to_options_in_their_order(options: Any) -> None:
    row = {"id": "1", "options": options, "answer": "B", "prediction": "B"}
    assert own_shape(row, "f:1")["answer"] == "No"


@pytest.mark.parametrize("answer", ["A, C", "a,c", "A;C", "A & C", "A and C", "A, and C"])
def test_letters_in_a_row(answer: str) -> None:
    assert own_shape({"id": "1", "options": TEXTS, "answer": answer}, "f:1")["answer"] == ["Yes", "Unclear"]
    options = ["Yes", "No", "A and C", answer]
    assert own_shape({"id": "1", "options": options, "answer": answer}, "f:1")["answer"] == answer
