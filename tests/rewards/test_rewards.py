"""The rewards: literal values, with the ugly cases among them."""

import subprocess
import sys
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.findings.sections.text_cache import LONGEST_KEPT
from cxr_cli.rewards.functions import read_completions, statement_metrics

REPORT = "Small left pleural effusion. No pneumothorax. The heart is not enlarged."
CASE: dict[str, Any] = {
    "id": "a",
    "task": "binary",
    "question": "Is there a pleural effusion in this chest X-ray?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "findings": ["pleural effusion"],
    "report": REPORT,
    "steps": [
        "I look at the costophrenic angles.",
        "There is a small left pleural effusion.",
        "No pneumothorax is seen.",
    ],
}
ONE_OF = {"task": "single", "options": ["Edema", "Nodule"], "answer": "Edema"}
NORMAL_OR_NOT = {"task": "anomaly", "options": ["Normal", "Abnormal"], "answer": "Abnormal"}
NORMAL = "The lungs are clear. There is no pleural effusion or pneumothorax. The heart is not enlarged."


def paid(name: str, think: str, said: str = "A", **case: Any) -> float | None:
    [value] = rewards.REWARDS.load(name)([completion_text(think, said)], case=[{**CASE, **case}])
    return None if value is None else round(value, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<think> Hazy. </think><answer> A </answer>", 1.0),
        ("<think>Hazy.</think>\n<answer>A</answer>\n", 1.0),
        ("<think> Hazy. </think><answer> A </answer> So A.", 0.0),
        ("<think> Hazy. </think><answer> A </answer><answer> B </answer>", 0.0),
        ("<answer> A </answer><think> Hazy. </think>", 0.0),
        ("<think></think><answer> A </answer>", 0.0),
        ("<think> Hazy. <answer> A </answer>", 0.0),
        ("", 0.0),
    ],
)
def test_format(text: str, value: float) -> None:
    assert rewards.format([text], case=[CASE]) == [value]


@pytest.mark.parametrize(
    ("answer", "case", "value"),
    [
        ("A", {}, 1.0),
        ("Yes", {}, 1.0),
        ("B", {}, 0.0),
        ("A or B", {}, 0.0),  # both is no answer, and no answer is not paid
        (" ", {}, 0.0),
        ("A", {"answer": None}, None),
        ("A, B", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 0.5),
        ("A, C", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 1.0),
        ("A, B, C", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 0.8),
        ("A left-sided effusion", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 1.0),
        ("Pleural effusion, edema", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 0.667),
        ("Edema", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 0.0),
    ],
)
def test_accuracy(answer: str, case: dict[str, Any], value: float | None) -> None:
    assert paid("accuracy", "So.", answer, **case) == value


@pytest.mark.parametrize(
    ("think", "value"),
    [
        ("There is a small left pleural effusion. No pneumothorax is seen.", 1.0),
        ("There is a small left pleural effusion.", 0.5),  # the absent half is not told
        ("No pneumothorax is seen.", 0.5),
        ("No pneumothorax is seen. There is no pleural effusion.", 0.5),  # a missed finding and a false one
        ("There is a small left pleural effusion and a pneumothorax.", 0.5),
        ("There is a small left pleural effusion. No pneumothorax is seen. There is a nodule.", 0.75),
        ("There is a right pleural effusion. No pneumothorax is seen.", 0.75),  # the wrong side: better than "none"
        ("There may be a small left pleural effusion. No pneumothorax is seen.", 0.75),
        ("I look at the image.", 0.0),
        ("", 0.0),
        (NORMAL, 0.5),
        (" ".join(["There is a small left pleural effusion."] * 50), 0.01),
    ],
)
def test_process(think: str, value: float) -> None:
    assert paid("process", think) == value


def test_process_does_not_pay_for_calling_all_in_doubt_absent() -> None:
    """Plain factuality pays more for four times "absent" than for an honest guess; process does not."""
    honest = "There is a small left pleural effusion. There is a pneumothorax."
    absent = "There is no pleural effusion. No pneumothorax is seen. There is no edema. There is no mass."
    assert (paid("factuality", honest), paid("factuality", absent)) == (0.5, 0.75)
    assert (paid("process", honest), paid("process", absent)) == (0.5, 0.5)
    only = {"steps": ["There is a small left pleural effusion."]}
    assert (paid("process", "There is a left pleural effusion.", **only), paid("process", absent, **only)) == (1.0, 0.0)


def test_what_does_not_apply_is_none() -> None:
    think = "There is a left pleural effusion."
    assert [paid(name, think, report=None) for name in ("process", "factuality")] == [None, None]
    assert [paid(name, think, report="  ") for name in ("process", "factuality")] == [None, None]
    assert [paid(name, think, steps=None) for name in ("completeness", "effectiveness")] == [None, None]
    assert paid("process", think, steps=None) == 1.0  # the report about what is asked is the reference
    assert paid("consistency", think, options=["1", "2"], task="count") is None


@pytest.mark.parametrize(
    ("name", "think", "value"),
    [
        ("factuality", "There is a left pleural effusion. There is a nodule.", 0.5),
        ("factuality", "", 0.0),
        ("completeness", "There is a small left pleural effusion.", 0.5),
        ("completeness", "", 0.0),
        ("effectiveness", "There is a small left pleural effusion. The heart is not enlarged.", 0.5),
        ("effectiveness", "", 0.0),
        ("length", "word " * 15, 1.0),
        ("length", "word " * 3, 0.2),
        ("length", "word " * 600, 0.5),
        ("length", "", 0.0),
    ],
)
def test_the_other_rewards(name: str, think: str, value: float) -> None:
    assert paid(name, think) == value


@pytest.mark.parametrize(
    ("think", "answer", "case", "value"),
    [
        ("There is a left pleural effusion.", "A", {}, 1.0),
        ("There is a left pleural effusion.", "B", {}, 0.0),
        ("There is no pleural effusion.", "B", {}, 1.0),
        ("The heart is not enlarged.", "B", {}, 0.0),  # says nothing of what is asked
        ("There is a nodule.", "", {}, 0.0),
        ("There is edema.", "A", ONE_OF, 1.0),
        (
            "There is edema and a nodule.",
            "A",
            ONE_OF,
            0.0,
        ),
        ("There is edema.", "B", NORMAL_OR_NOT, 1.0),
        ("No edema is seen.", "B", NORMAL_OR_NOT, 0.0),
    ],
)
def test_consistency(think: str, answer: str, case: dict[str, Any], value: float) -> None:
    assert paid("consistency", think, answer, **case) == value


def test_statement_metrics() -> None:
    told = ("There is a left pleural effusion. There is a nodule.", "There is no pleural effusion.")
    texts = [completion_text(text, "A") for text in told]
    assert statement_metrics(texts, case=[CASE, CASE]) == {"sensitivity": 0.5, "specificity": 0.0, "statements": 1.5}


def test_rewards_import_no_model_code() -> None:
    script = "import sys; import cxr_cli.rewards; print('torch' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False False\n"


def test_what_is_read_of_long_texts_is_not_kept() -> None:
    """Neither of a long completion nor of a long case; by number alone a few thousand of them would be."""
    text, long = completion_text("No edema.", "No"), " " * LONGEST_KEPT
    kept = {
        name: read_completions([reply], {"case": [case]})[0] is read_completions([reply], {"case": [case]})[0]
        for name, reply, case in [
            ("short", text, CASE),
            ("long completion", text + long, CASE),
            ("long case", text, CASE | {"report": "No edema." + long}),
        ]
    }
    assert kept == {"short": True, "long completion": False, "long case": False}
    references = [read_completions([text + reply], {"case": [CASE]})[0].reference for reply in ("", long)]
    assert references[0] is references[1]
