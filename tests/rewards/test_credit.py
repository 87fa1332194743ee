"""Credit per step: what a sentence is worth, and what it gets within its group."""

from typing import Any

from cxr_cli.rewards.sentence_credit import StatementCredit, advantages, sentence_credits, token_spans

CASE = {
    "id": "a",
    "task": "binary",
    "question": "Is there a pleural effusion?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "report": "Small left pleural effusion. No edema. No pneumothorax.",
    "steps": [
        {"text": "There is a left pleural effusion."},
        {"text": "There is no edema."},
        {"text": "There is no pneumothorax."},
    ],
}


def told(think: str, **more: Any) -> list[tuple[str, list[StatementCredit]]]:
    text = f"<think> {think} Edema is seen, so the answer is Yes. </think><answer> A </answer>"
    return [(text[s.start : s.end], s.statements) for s in sentence_credits([text], case=[CASE | more])[0]]


def test_what_a_sentence_tells() -> None:
    """One finding of three is there: it weighs 1.5, the two that are not weigh .75 each. The conclusion is left out."""
    assert told("I look at the angles. A left pleural effusion is seen. Edema is seen. No pneumothorax.") == [
        ("A left pleural effusion is seen.", [StatementCredit("pleural effusion", 1.5, 1.0)]),
        ("Edema is seen.", [StatementCredit("edema", 0.0, None)]),
        ("No pneumothorax.", [StatementCredit("pneumothorax", 0.75, None)]),
    ]
    both = [StatementCredit("edema", 0.75, None), StatementCredit("pleural effusion", 0.0, None)]
    assert told("No edema or effusion.") == [("No edema or effusion.", both)]
    assert told("A right pleural effusion is seen.")[0][1] == [StatementCredit("pleural effusion", 1.5, 0.0)]
    assert told("There is edema.", report=None) == []
    assert told("There is no edema.", steps=CASE["steps"][1:])[0][1] == [StatementCredit("edema", 1.0, None)]


def group(*thoughts: str) -> list[list[float]]:
    texts = [f"<think>{thought} So it is.</think>" for thought in thoughts]
    return advantages(sentence_credits(texts, case=[CASE] * len(texts)))


def test_a_sentence_is_compared_with_what_the_group_tells_of_its_findings() -> None:
    told = group("Left effusion. No edema.", "No effusion. No edema.", "No effusion. Edema.", "")
    assert told == [[1.0, 0.25], [-0.5, 0.25], [-0.5, -0.5], []]


def test_a_wrong_side_costs_nothing_against_calling_it_absent() -> None:
    """Two of four find the effusion, one on its side: on average they get what any right statement gets."""
    assert group("Left effusion.", "Right effusion.", "No effusion.", "No effusion.") == [
        [1.0],
        [0.5],
        [-0.75],
        [-0.75],
    ]


def test_saying_it_twice_or_alone_gets_nothing_more() -> None:
    assert group("No edema. No edema is seen.", "No edema.", "No pneumothorax.") == [[0.0, 0.0], [0.0], [0.0]]


def test_the_tokens_that_write_a_sentence() -> None:
    """Each token is a byte here; half a letter decodes to one mark."""
    text = "<think> Edema is seen — é. No pneumothorax. So it is. </think>"
    ids = [*text.encode()]
    [sentences] = sentence_credits([text], case=[CASE])
    spans = token_spans(ids, sentences, lambda ids: bytes(ids).decode(errors="replace"))
    assert [bytes(ids[start:end]).decode() for start, end in spans] == ["Edema is seen — é.", "No pneumothorax."]
