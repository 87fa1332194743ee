"""What models say, read as answers: hand-written replies in every style, and hand-labelled ones of nine real models."""

import json
from pathlib import Path

import pytest

from cxr_cli.answers.answer_key import reference_texts
from cxr_cli.answers.grading import grade
from cxr_cli.answers.parsed_answer import ParsedAnswer
from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.reply_reader import answer_of

GOLDEN = Path(__file__).parents[1] / "golden"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "published" / "accuracy_res"
CASES = [json.loads(line) for line in (GOLDEN / "answers.jsonl").read_text(encoding="utf-8").splitlines()]


def answered(text: str | None, options: list[str], *, several: bool = False, question: str = "") -> ParsedAnswer:
    """A reply to such a question. A list of right answers, here an empty one, says that several may be right."""
    return answer_of({"question": question, "options": options, "answer": [] if several else None}, text)


def graded(metric: str, case: dict, text: str | None) -> tuple[float | None, str | None]:
    scores, why = grade(case, text)
    return scores[metric], why.get(metric)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['task']}:{case['text'][:40]!r}")
def test_written_replies(case: dict) -> None:
    chosen = answered(case["text"], case["options"], several=case["task"] == "multiple", question=case["question"])
    assert chosen.texts == case["expected"]
    assert (chosen.reason is None) == (case["expected"] is not None)
    if case["reason"]:
        assert chosen.reason == case["reason"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_real_replies_agree_with_the_labels() -> None:
    """A label is a letter where a reply answers explicitly or states the finding itself, unhedged, as its own view."""
    labels = json.loads((GOLDEN / "answers_shared.json").read_text())
    files = {label["file"]: json.loads((SHARED / label["file"]).read_text()) for label in labels}
    wrong = []
    for label in labels:
        row = files[label["file"]][label["index"]]
        _, options = parse_prompt(row["question"])
        texts = answer_of({"question": row["question"]}, row["pred"]).texts
        said = "AB"[options.index(texts[0])] if texts else None
        if said != label["expected"]:
            wrong.append((label["file"], label["index"], label["expected"], said))
    assert len(labels) == 418
    assert len(wrong) <= 4, wrong


FINDINGS = ["Cardiomegaly", "Pneumothorax", "Pleural effusion", "Nodule"]


@pytest.mark.parametrize(
    ("text", "options", "several", "answer"),
    [
        ("Cardiomegaly and pleural effusion are the answer.", FINDINGS, True, ["Cardiomegaly", "Pleural effusion"]),
        ("B and C are correct.", FINDINGS, True, ["Pneumothorax", "Pleural effusion"]),
        ("A, C and D are the correct options.", FINDINGS, True, ["Cardiomegaly", "Pleural effusion", "Nodule"]),
        ("B and C are correct.", FINDINGS, False, None),
        ("Nodule is the correct answer.", FINDINGS, False, ["Nodule"]),
        ("Neither cardiomegaly nor a nodule is the answer.", FINDINGS, False, None),
        ("None of cardiomegaly, nodule are correct.", FINDINGS, True, None),
        ("With atelectasis and an effusion, the image is abnormal.", ["Normal", "Abnormal"], False, ["Abnormal"]),
        ("The answer is no, it's B.", ["Yes", "No"], False, ["No"]),
        ("Wait, no, it's B.", ["Yes", "No"], False, ["No"]),
        ("The answer is a pleural, effusion.", FINDINGS, False, ["Pleural effusion"]),
        ("The answer is PLEURAL THE EFFUSION!", FINDINGS, False, ["Pleural effusion"]),
        ("The answer is effusion.", FINDINGS, False, ["Pleural effusion"]),
        ("The answer is nodules.", FINDINGS, False, ["Nodule"]),
        ("The answer is hepatitis B.", ["Hepatitis A", "Hepatitis C", "Hepatitis B"], False, ["Hepatitis B"]),
        ("The answer is opacity at the base.", ["Opacity", "Opacity at base"], False, ["Opacity at base"]),
        ("İ say the answer is B.", ["Yes", "No"], False, ["No"]),
        ("The answer is \ue001.", ["Yes", "No"], False, None),
        ("<answer>B</answer>", FINDINGS, False, ["Pneumothorax"]),
        ("<answer>(b).</answer>", FINDINGS, False, ["Pneumothorax"]),
        ("<answer>E</answer>", FINDINGS, False, None),
        ("<answer>B) pneumothorax</answer>", FINDINGS, False, ["Pneumothorax"]),
        ("<answer>B) Nodule</answer>", FINDINGS, False, None),
        ("<answer>Nodule A</answer>", FINDINGS, False, None),
        ("<answer>pleural effusion.</answer>", FINDINGS, False, ["Pleural effusion"]),
        ("<answer>N</answer>", ["No", "Yes"], False, ["No"]),
        ("<answer>C</answer>", ["B", "C", "A"], False, ["C"]),
        ("There is a nodule and a pneumothorax, so the answer is C.", FINDINGS, False, ["Pleural effusion"]),
        ("The answer is D. The answer is B.", FINDINGS, False, None),
    ],
)
def test_options_of_any_question(text: str, options: list[str], several: bool, answer: list[str] | None) -> None:
    assert answered(text, options, several=several).texts == answer


@pytest.mark.parametrize(
    ("answer", "options", "right"),
    [
        ("B", FINDINGS, ["Pneumothorax"]),
        ("b.", FINDINGS, ["Pneumothorax"]),
        ("**D**", FINDINGS, ["Nodule"]),
        ("D) Nodule", FINDINGS, ["Nodule"]),
        ("the nodule", FINDINGS, ["Nodule"]),
        ("A, C", FINDINGS, ["Cardiomegaly", "Pleural effusion"]),
        ("E", FINDINGS, None),
        ("mass", FINDINGS, None),
        ("\ue001", FINDINGS, None),
    ],
)
def test_expected(answer: str, options: list[str], right: list[str] | None) -> None:
    assert reference_texts({"answer": answer}, options) == right


@pytest.mark.parametrize(
    ("case", "text", "expected"),
    [
        ({"options": ["Yes", "No"], "answer": "No"}, "B", (1.0, None)),
        ({"options": ["Yes", "No"], "answer": "No"}, "A", (0.0, None)),
        ({"options": ["Yes", "No"], "answer": "B"}, "No", (1.0, None)),
        ({"options": ["Yes", "No"], "answer": "<answer> B </answer>"}, "No", (1.0, None)),
        ({"question": "Edema? Options:\nA) Yes\nB) No", "answer": "A"}, "It shows edema.", (1.0, None)),
        ({"options": ["Yes", "No"], "answer": "No", "findings": ["edema"]}, "There is no edema.", (1.0, None)),
        ({"options": ["Yes", "No"], "answer": "No"}, "", (None, "no answer")),
        ({"options": ["Yes", "No"], "answer": "No"}, None, (None, "no answer")),
        ({"options": ["Yes", "No"], "answer": "No"}, "I cannot view the image.", (None, "refused")),
        ({"options": ["Yes", "No"]}, "A", (None, "no reference answer")),
        ({"options": ["Yes", "No"], "answer": "Maybe"}, "A", (None, "reference answer is no option")),
        ({"options": ["Yes", "No"], "answer": "C"}, "A", (None, "reference answer is no option")),
        ({"options": ["stable", "worsening"], "answer": "stable"}, "unchanged", (1.0, None)),
        ({"answer": "pleural effusion"}, "<answer>Pleural effusion.</answer>", (1.0, None)),
        ({"answer": "pleural effusion"}, "<answer>large pleural effusion</answer>", (1.0, None)),
    ],
)
def test_accuracy(case: dict, text: str | None, expected: tuple[float | None, str | None]) -> None:
    assert graded("accuracy", case, text) == expected


@pytest.mark.parametrize(
    ("answer", "text", "exact", "f1"),
    [
        (["nodule", "scar"], "A, B", 1.0, 1.0),
        (["nodule", "scar"], "A", 0.0, 2 / 3),
        (["nodule", "scar"], "A, B, C", 0.0, 0.8),
        (["nodule", "scar"], "C", 0.0, 0.0),
        (["nodule", "scar"], "<answer>none of the above</answer>", 0.0, 0.0),
        ([], "<answer>none</answer>", 1.0, 1.0),
        ("A, B", "scar and nodule", 1.0, 1.0),
        (["A", "C"], "<answer>nodule, mass</answer>", 1.0, 1.0),
    ],
)
def test_several_answers(answer: list[str] | str, text: str, exact: float, f1: float) -> None:
    case = {"task": "multiple", "options": ["nodule", "scar", "mass"], "answer": answer}
    scores, why = grade(case, text)
    assert (scores["accuracy"], scores["answer_f1"]) == (exact, pytest.approx(f1))
    assert why == {}
    assert graded("answer_f1", case, text) == (pytest.approx(f1), None)


def test_several_answers_without_options() -> None:
    case = {"task": "multiple", "question": "Which findings?", "answer": "small nodule, scar at the apex"}
    assert graded("answer_f1", case, "<answer>Scar at apex; a small nodule.</answer>") == (1.0, None)
    assert graded("answer_f1", case, "<answer>small nodule</answer>") == (pytest.approx(2 / 3), None)
    assert graded("answer_f1", case, "The film.\nIt is rotated.") == (None, "unparsable")


def test_grade_says_format_and_reasons() -> None:
    case = {"task": "binary", "options": ["Yes", "No"], "answer": "No"}
    assert grade(case, "<think>clear</think><answer>B</answer>") == ({"accuracy": 1.0, "format": 1.0}, {})
    assert grade(case, "B") == ({"accuracy": 1.0, "format": 0.0}, {})
    assert grade(case, "") == ({"accuracy": None, "format": None}, {"accuracy": "no answer", "format": "no answer"})


@pytest.mark.parametrize(
    "noise",
    ["\n", "the answer is ", "A) ", "Options: A) Yes B) No ", "no ", "<think>", "- ", '"', "is the answer ", ":\n"],
)
def test_endless_replies_end(noise: str) -> None:
    """A model caught in a loop: the reading stays linear, and the last word still counts."""
    text = noise * (60_000 // len(noise)) + "\n</think><answer>B</answer>"
    assert answered(text, ["Yes", "No"], question="Is there edema?").texts == ["No"]
    assert answered(noise * (60_000 // len(noise)), ["Yes", "No"], question="Is there edema?").texts is None
