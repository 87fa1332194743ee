"""`credit: step` of `cxr rl`: in GRPO, the tokens of a sentence get that sentence's advantage."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, NamedTuple

import torch
from accelerate.utils import gather_object
from trl.trainer.utils import split_pixel_values_by_grid

from cxr_cli.errors import CxrError
from cxr_cli.rewards.sentence_credit import advantages, sentence_credits, token_spans


class TokenAdvantages(NamedTuple):
    """What the sentences of a completion get: (start, end, advantage) for `ids[start:end]`. group: the number of its
    prompt among the prompts of all processes."""

    group: int
    sentences: tuple[tuple[int, int, float], ...]


class ModelInput(NamedTuple):
    """What tells one prompt from another. films: the sum of the squares of all its pixel values, which is the same
    however they are batched and padded with zeros."""

    prompt_ids: list[int]
    films: float


class StepCredit:
    """A mixin for GRPOTrainer. A token gets the advantage of its sentence, divided by the standard deviation over all
    sentences and times `step_weight`; a token outside of them keeps its completion's.

    The trainer asks the rewards about the completions of a whole generation. It then shuffles and splits them, and
    computes the loss of each part, over and over if `num_iterations` says so. So what a generation's sentences get is
    kept from the call of the first reward, until the next generation, and looked up by the ids of a completion. Where
    several prompts got the same completion, what the model was given decides.
    """

    step_weight: float

    def __init__(self, *, reward_funcs: Sequence[Callable[..., Any]], **more: Any) -> None:
        self.generation: dict[tuple[int, ...], set[TokenAdvantages]] = {}
        self.prompts_by_group: dict[int, Any] = {}
        first, *others = reward_funcs
        super().__init__(reward_funcs=[self._with_credit(first), *others], **more)  # type: ignore[call-arg]

    def compute_loss(self, model: Any, inputs: dict[str, Any], *arguments: Any, **more: Any) -> Any:
        """With advantages of the shape (completions, tokens) instead of (completions,)."""
        by_token = {**inputs, "advantages": self._token_advantages(inputs)}
        return super().compute_loss(model, by_token, *arguments, **more)  # type: ignore[misc]

    def _with_credit(self, reward: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(reward)
        def reward_with_credit(*, prompts: Any, completion_ids: Any, case: Any, **columns: Any) -> Any:
            self._credit(prompts, completion_ids, case)
            return reward(prompts=prompts, completion_ids=completion_ids, case=case, **columns)

        return reward_with_credit

    def _credit(self, prompts: Sequence[Any], completion_ids: Sequence[list[int]], cases: Sequence[Any]) -> None:
        """Keeps what the sentences of this generation get."""
        trainer: Any = self
        completions = [[] if self._is_masked(ids) else ids for ids in completion_ids]
        decode = partial(trainer.processing_class.tokenizer.decode, skip_special_tokens=True)
        sentences = sentence_credits([decode(ids) for ids in completions], case=cases)
        size = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
        of_all = gather_object(sentences)  # a group may be spread over several processes
        groups = (of_all[start : start + size] for start in range(0, len(of_all), size))
        by_completion = [values for group in groups for values in advantages(group)]
        values = torch.tensor([value for values in by_completion for value in values] or [0.0])
        deviation = values.std(correction=0).item()
        first = trainer.accelerator.process_index * len(completions)
        self.generation, self.prompts_by_group = {}, {}
        for row, ids in enumerate(completions):
            spans = token_spans(ids, sentences[row], decode)
            scaled = [self.step_weight * value / (deviation + 1e-4) for value in by_completion[first + row]]
            paid = tuple((*span, value) for span, value in zip(spans, scaled, strict=True))
            group = (first + row) // size
            self.generation.setdefault(tuple(ids), set()).add(TokenAdvantages(group, paid))
            self.prompts_by_group[group] = prompts[row]

    def _is_masked(self, ids: list[int]) -> bool:
        """Is a completion left out of the loss, and so out of the comparison, since it was cut off?"""
        trainer: Any = self
        ends = (*trainer.eos_token_ids, trainer.processing_class.tokenizer.pad_token_id)
        return bool(trainer.args.mask_truncated_completions and ids[-1] not in ends)

    def _token_advantages(self, inputs: dict[str, Any]) -> Any:
        """The advantages of a part of the generation, of shape (completions, tokens)."""
        by_token = inputs["advantages"][:, None].repeat(1, inputs["completion_ids"].shape[1])
        for row in range(len(by_token)):
            ids = _unpadded(inputs, "completion", row)
            for start, end, value in self._sentences(ids, inputs, row):
                by_token[row, start:end] = value
        return by_token

    def _sentences(self, ids: list[int], inputs: dict[str, Any], row: int) -> tuple[tuple[int, int, float], ...]:
        candidates = self.generation.get(tuple(ids))
        if candidates is None and ids:
            raise CxrError("credit: step: TRL trains on a completion that no reward was asked about")
        one, *others = {candidate.sentences for candidate in candidates or ()} or {()}
        if not others or candidates is None:
            return one
        row_input = ModelInput(_unpadded(inputs, "prompt", row), _sum_of_squares(split_films(inputs)[row]))

        def distance(candidate: TokenAdvantages) -> tuple[bool, float, int]:
            group_input = self._model_input(candidate.group)
            return (
                group_input.prompt_ids != row_input.prompt_ids,
                abs(group_input.films - row_input.films),
                candidate.group,
            )

        return min(candidates, key=distance).sentences

    def _model_input(self, group: int) -> ModelInput:
        trainer: Any = self
        encoding = trainer.processing_class.apply_chat_template(
            self.prompts_by_group[group],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        return ModelInput(encoding["input_ids"][0].tolist(), _sum_of_squares(encoding["pixel_values"]))


def split_films(inputs: dict[str, Any]) -> Any:
    """The pixel values of each row of a batch."""
    return split_pixel_values_by_grid(inputs)["pixel_values"]


def _unpadded(inputs: dict[str, Any], part: str, row: int) -> list[int]:
    ids: list[int] = inputs[f"{part}_ids"][row][inputs[f"{part}_mask"][row].bool()].tolist()
    return ids


def _sum_of_squares(pixel_values: torch.Tensor) -> float:
    return float(pixel_values.double().square().sum())
