"""Credit per step in GRPO: which tokens get the advantage of a sentence."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select
from tests.rewards.test_credit import CASE


def test_credit_takes_factuality() -> None:
    from cxr_cli.training.rl import reward_weights

    assert reward_weights({}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.5], 0.0)
    assert reward_weights({"credit": "step"}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.0], 0.5)
    with pytest.raises(CxrError, match="it takes --reward"):
        reward_weights({"credit": "step"}, select(["accuracy"]))


def test_the_tokens_of_a_sentence_get_its_advantage(tiny_models: dict[str, Path]) -> None:
    """In units of the spread of all sentences' advantages; the others get that of the completion."""
    import torch

    from cxr_cli.engines.model_files import load_processor
    from cxr_cli.training.grpo.step_credit import StepCredit

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
        assert all(given[i] == pytest.approx(paid, rel=1e-3) for i in there)
