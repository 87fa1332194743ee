"""Completions by vLLM, of the very prompts that are scored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from cxr_cli.errors import CxrError, library_message
from cxr_cli.training.grpo.sampler_check import versions_of

TokenIds = list[int]


class VllmRollouts:
    """A `rollout_func` for GRPOTrainer.

    vLLM in the trainer's process puts the tokens of the films into a prompt itself. By itself TRL hands it prompts that
    have them already, so that vLLM sees more tokens than are scored (https://github.com/huggingface/trl/issues/6294).
    Here it gets each prompt as the tokenizer makes it, with one placeholder a film. A server takes the films' features
    and the prompt with all its tokens.

    report: gets the ids of prompts and of completions, and the log-probabilities of the completions' tokens.
    """

    def __init__(
        self, processor: Any, report: Callable[[list[TokenIds], list[TokenIds], list[list[float]]], None]
    ) -> None:
        self._processor, self._report = processor, report

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, list[Any]]:
        """prompts: each a list of messages with films, as often as there are completions of it. Gives for each the ids
        of prompt and completion, and the log-probability of each token of the completion. CxrError: vLLM saw another
        prompt."""
        all_ids = prompt_ids(self._processor, prompts)
        is_server = trainer.args.vllm_mode == "server"
        with vllm_errors():
            ids, completion_ids, logprobs, _ = trainer.vllm_generation.generate(
                prompts=all_ids if is_server else placeholder_ids(self._processor, prompts),
                images=[_films_in(prompt) for prompt in prompts],
                num_generations=trainer.num_generations if trainer.model.training else trainer.num_generations_eval,
                profiler=nullcontext(),
            )
        check_same_prompts(ids, all_ids)
        likeliest = [[token[0] for token in tokens] for tokens in logprobs]  # TRL asks for the sampled one alone
        if trainer.model.training:
            self._report(all_ids, completion_ids, likeliest)
        return {"prompt_ids": all_ids, "completion_ids": completion_ids, "logprobs": likeliest}


@contextmanager
def vllm_errors() -> Iterator[None]:
    """In this block of vLLM's code an error says that it cannot run the model: CxrError, in one line."""
    try:
        yield
    except (CxrError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {library_message(error)}"
        raise CxrError(
            f"vLLM cannot sample from this model ({reason}); --rollouts transformers does without it"
        ) from error


def prompt_ids(processor: Any, prompts: list[Any]) -> list[TokenIds]:
    """The ids of each prompt, with all tokens of its films."""
    batch = processor.apply_chat_template(prompts, add_generation_prompt=True, tokenize=True, return_dict=True)
    return [[*map(int, ids)] for ids in batch["input_ids"]]


def placeholder_ids(processor: Any, prompts: list[Any]) -> list[TokenIds]:
    """The ids of each prompt, with one placeholder for each film."""
    texts = processor.apply_chat_template(prompts, add_generation_prompt=True, tokenize=False)
    return [processor.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


def check_same_prompts(of_sampler: list[TokenIds], of_trainer: list[TokenIds]) -> None:
    """CxrError: a prompt is not the same for the sampler and for the trainer."""
    for theirs, ours in zip(of_sampler, of_trainer, strict=True):
        if [*theirs] != ours:
            raise CxrError(
                f"vLLM samples from a prompt of {len(theirs)} tokens, and one of {len(ours)} tokens would be scored: "
                f"{versions_of('vllm', 'trl', 'transformers')} do not go together for this model; take --rollouts "
                "transformers"
            )


def _films_in(prompt: Any) -> list[Any]:
    parts = [part for message in prompt for part in message["content"] if isinstance(part, dict)]
    return [part["image"] for part in parts if part.get("type") == "image"]
