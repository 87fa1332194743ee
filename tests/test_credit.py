"""Credit per step: what a sentence is worth, what it gets within its group, and which tokens get it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.credit import advantages, sentences
from cxr_cli.rewards.selection import select

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


def worth(think: str, **more: Any) -> list[tuple[str, dict[str, float]]]:
    text = f"<think> {think} </think><answer> A </answer>"
    return [(text[s.start : s.end], s.worth) for s in sentences([text], case=[CASE | more])[0]]


def test_what_a_sentence_is_worth() -> None:
    """One finding of three is there: it weighs 1.5, the two that are not weigh .75 each."""
    assert worth("I look at the angles. A left pleural effusion is seen. Edema is seen. No pneumothorax.") == [
        ("A left pleural effusion is seen.", {"pleural effusion": 1.5}),
        ("Edema is seen.", {"edema": 0.0}),
        ("No pneumothorax.", {"pneumothorax": 0.75}),
    ]
    assert worth("No edema or effusion.") == [("No edema or effusion.", {"edema": 0.75, "pleural effusion": 0.0})]
    assert worth("A right pleural effusion is seen.")[0][1] == {"pleural effusion": 0.75}  # the side alone is wrong
    assert worth("There is edema.", report=None) == []
    assert worth("There is no edema.", steps=CASE["steps"][1:])[0][1] == {"edema": 1.0}


def test_a_sentence_is_compared_with_what_the_group_states_of_its_findings() -> None:
    thoughts = ["Left effusion. No edema.", "No effusion. No edema.", "No effusion. Edema.", ""]
    group = sentences([f"<think>{t}</think>" for t in thoughts], case=[CASE] * 4)
    assert advantages(group) == [[1.0, 0.25], [-0.5, 0.25], [-0.5, -0.5], []]


def test_saying_it_twice_or_alone_gets_nothing_more() -> None:
    thoughts = ["No edema. No edema is seen.", "No edema.", "No pneumothorax."]
    group = sentences([f"<think>{t}</think>" for t in thoughts], case=[CASE] * 3)
    assert advantages(group) == [[0.0, 0.0], [0.0], [0.0]]


def test_credit_takes_factuality() -> None:
    from cxr_cli.training.rl import credited

    assert credited({}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.5], 0.0)
    assert credited({"credit": "step"}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.0], 0.5)
    with pytest.raises(CxrError, match="it takes --reward"):
        credited({"credit": "step"}, select(["accuracy"]))
    with pytest.raises(CxrError, match="credit: token is none of completion, step"):
        credited({"credit": "token"}, select([]))


def test_the_tokens_of_a_sentence_get_its_advantage(tiny_models: dict[str, Path]) -> None:
    """Beside that of the completion, in units of the spread of all sentences' advantages; padding gets none."""
    import torch

    from cxr_cli.models import load_processor
    from cxr_cli.training.credit import StepCredit

    processor = load_processor(str(tiny_models["qwen2_vl"]))
    texts = [f"<think> I look. {told} Yes. </think><answer> A </answer>" for told in ("No edema.", "Edema, é.")]
    ids = [processor.tokenizer(text)["input_ids"] for text in texts]
    wide = max(map(len, ids)) + 2

    class Scored:
        processing_class, num_generations = processor, 2
        model = torch.nn.Identity()
        accelerator = SimpleNamespace(num_processes=1, process_index=0)

        def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
            return {
                "completion_ids": torch.tensor([[*row, *[0] * (wide - len(row))] for row in ids]),
                "completion_mask": torch.tensor([[1] * len(row) + [0] * (wide - len(row)) for row in ids]),
                "advantages": torch.tensor([0.5, -0.5]),
            }

    class Credited(StepCredit, Scored):
        step_weight = 2.0

    made: dict[str, Any] = Credited()._generate_and_score_completions([{"case": CASE}] * 2)
    for row, base, paid in zip((0, 1), (0.5, -0.5), (2.0, -2.0), strict=True):
        given = made["advantages"][row]
        there = [i for i in range(wide) if given[i] != base]
        assert processor.tokenizer.decode([ids[row][i] for i in there]).strip() == ("No edema.", "Edema, é.")[row]
        assert all(given[i] == pytest.approx(base + paid, rel=1e-3) for i in there)
