"""`credit: step` of `cxr rl`: in GRPO, the tokens of a sentence get that sentence's advantage."""

from bisect import bisect_left
from functools import partial
from typing import Any

import torch
from accelerate.utils import gather_object  # type: ignore[import-untyped]

from cxr_cli.rewards.credit import advantages, sentence_credits


class StepCredit:
    """A mixin for GRPOTrainer: the tokens of sentences get, instead of their completion's advantage, `step_weight`
    times the sentence's, in units of the standard deviation of all sentences'."""

    step_weight: float

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        trainer: Any = self
        made: dict[str, Any] = super()._generate_and_score_completions(inputs)  # type: ignore[misc]
        whole = zip(made["completion_ids"], made["completion_mask"], strict=True)
        rows = [ids[mask.bool()].tolist() for ids, mask in whole]
        decode = partial(trainer.processing_class.tokenizer.decode, skip_special_tokens=True)
        said = sentence_credits([decode(ids) for ids in rows], case=[one["case"] for one in inputs])
        size = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
        gathered = gather_object(said)  # a group may be spread over several processes
        groups = (gathered[start : start + size] for start in range(0, len(gathered), size))
        every = [values for group in groups for values in advantages(group)]
        spread = torch.tensor([value for values in every for value in values] or [0.0]).std(correction=0).item()
        first = trainer.accelerator.process_index * len(rows)
        tokens = made["advantages"][:, None].repeat(1, made["completion_ids"].shape[1])
        for row, ids in enumerate(rows):
            for sentence, value in zip(said[row], every[first + row], strict=True):
                start, end = (_token(ids, place, decode) for place in (sentence.start, sentence.end))
                tokens[row, start:end] = self.step_weight * value / (spread + 1e-4)
        made["advantages"] = tokens
        return made


def _token(ids: list[int], place: int, decode: Any) -> int:
    """The token in which the character at `place` stands."""
    return max(0, bisect_left(range(len(ids) + 1), place + 1, key=lambda count: len(decode(ids[:count]))) - 1)
