"""`credit: step` of `cxr rl`: in GRPO, the tokens of a sentence get that sentence's advantage."""

from bisect import bisect_left
from functools import partial
from typing import Any

import torch
from accelerate.utils import gather_object

from cxr_cli.rewards.sentence_credit import advantages, sentence_credits


class StepCredit:
    """A mixin for GRPOTrainer. A token gets the advantage of its sentence, divided by the standard deviation over all
    sentences and times `step_weight`; a token outside of them keeps its completion's.

    So the batch's `advantages` have the shape (completions, tokens) instead of (completions,).
    """

    step_weight: float

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        trainer: Any = self
        batch: dict[str, Any] = super()._generate_and_score_completions(inputs)  # type: ignore[misc]
        padded_ids = zip(batch["completion_ids"], batch["completion_mask"], strict=True)
        completions = [ids[mask.bool()].tolist() for ids, mask in padded_ids]
        decode = partial(trainer.processing_class.tokenizer.decode, skip_special_tokens=True)
        sentences = sentence_credits([decode(ids) for ids in completions], case=[example["case"] for example in inputs])
        size = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
        of_all = gather_object(sentences)  # a group may be spread over several processes
        groups = (of_all[start : start + size] for start in range(0, len(of_all), size))
        by_completion = [values for group in groups for values in advantages(group)]
        deviation = (
            torch.tensor([value for values in by_completion for value in values] or [0.0]).std(correction=0).item()
        )
        first = trainer.accelerator.process_index * len(completions)
        token_advantages = batch["advantages"][:, None].repeat(1, batch["completion_ids"].shape[1])
        for row, ids in enumerate(completions):
            for sentence, value in zip(sentences[row], by_completion[first + row], strict=True):
                start, end = (_token_at(ids, place, decode) for place in (sentence.start, sentence.end))
                token_advantages[row, start:end] = self.step_weight * value / (deviation + 1e-4)
        batch["advantages"] = token_advantages
        return batch


def _token_at(ids: list[int], place: int, decode: Any) -> int:
    """The index of the token that holds the character at `place`."""
    return max(0, bisect_left(range(len(ids) + 1), place + 1, key=lambda count: len(decode(ids[:count]))) - 1)
