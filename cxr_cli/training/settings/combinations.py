"""Settings that have no effect beside others, or contradict them.

A setting of the file that has none because `--set` changes the other one lapses: recipes name vLLM's settings, and
`--rollouts transformers` does without them. What else has no effect is an error.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.training.settings.config import Setting, stage_of
from cxr_cli.training.settings.names import ROLLOUTS, Settings


class _Need(NamedTuple):
    """Settings that have an effect only if `other` is as `fits` says. words: for the error, "rollouts: vllm-server"."""

    names: tuple[str, ...]
    other: str
    words: str
    fits: Callable[[Any], bool]


def _one_of(names: tuple[str, ...], other: str, values: tuple[str, ...]) -> _Need:
    return _Need(names, other, f"{other}: {' or '.join(values)}", lambda value: value in values)


_RATIO_LOSSES = ("grpo", "bnpo", "dr_grpo", "dapo", "luspo")
_NEEDS = {
    "sft": (
        _one_of(("label_smoothing_factor",), "loss_type", ("nll",)),
        _Need(("eval_tokens",), "eval_cases", "eval_cases above 0", bool),
        _one_of(("eval_steps",), "eval_strategy", ("steps",)),
    ),
    "rl": (
        _one_of(("delta",), "loss_type", _RATIO_LOSSES),
        _one_of(("sapo_temperature_neg", "sapo_temperature_pos"), "loss_type", ("sapo",)),
        _one_of(("vespo_k_pos", "vespo_k_neg", "vespo_lambda_pos", "vespo_lambda_neg"), "loss_type", ("vespo",)),
        _one_of(
            (
                *("vllm_gpu_memory_utilization", "vllm_tensor_parallel_size", "vllm_enable_sleep_mode"),
                *("vllm_max_model_length", "vllm_model_impl"),
            ),
            "rollouts",
            ("vllm-colocate",),
        ),
        _one_of(
            (
                *("vllm_server_base_url", "vllm_server_host", "vllm_server_port", "vllm_server_timeout"),
                "vllm_group_port",
            ),
            "rollouts",
            ("vllm-server",),
        ),
        _one_of(
            (
                *("vllm_importance_sampling_correction", "vllm_importance_sampling_mode"),
                *("vllm_importance_sampling_clip_max", "vllm_importance_sampling_clip_min"),
            ),
            "rollouts",
            tuple(name for name in ROLLOUTS if name.startswith("vllm")),
        ),
    ),
}
_ALTERNATIVES = (("size", "max_pixels"), ("generation_batch_size", "steps_per_generation"))
_OTHER_DEFAULTS = {
    "rollouts": "transformers",
    "eval_cases": 0,
    "eval_strategy": "steps",
}  # of settings that others need


def consistent_settings(settings: Settings, origins: Mapping[str, Setting], config_class: type) -> Settings:
    """The settings without those of the file that lapse. Raises CxrError.

    origins: where they come from. config_class: SFTConfig or GRPOConfig of TRL.
    """
    stage, result = stage_of(config_class), dict(settings)
    defaults = {field.name: field.default for field in dataclasses.fields(config_class)} | _OTHER_DEFAULTS

    def lapses(name: str, other: str) -> bool:
        """Has the command line changed `other` under a setting of the file?"""
        return not origins[name].overrides and other in origins and origins[other].overrides

    for need in _NEEDS[stage]:
        for name in need.names:
            if result.get(name) in (None, False) or need.fits(result.get(need.other, defaults.get(need.other))):
                continue
            if not lapses(name, need.other):
                raise CxrError(f"{origins[name].where}: {name} has no effect without {need.words}")
            del result[name]
    for pair in _ALTERNATIVES:
        if any(result.get(name) is None for name in pair):
            continue
        lapsed = next((name for name, other in (pair, pair[::-1]) if lapses(name, other)), None)
        if lapsed is None:
            raise CxrError(f"{origins[pair[1]].where}: {' and '.join(pair)} exclude each other: leave one out")
        del result[lapsed]
    if stage == "rl":
        _check_clipping(result, defaults)
    else:
        _check_best_strategies(result)
    _check_arguments(result)
    return result


def _check_clipping(settings: Settings, defaults: Settings) -> None:
    """CxrError: the policy's ratio would be cut off where it begins."""
    low: float = settings.get("epsilon") or defaults["epsilon"]
    high: float | None = settings.get("epsilon_high")
    loss = settings.get("loss_type", defaults.get("loss_type"))
    if loss == "cispo":
        if (high or low) < 1:
            raise CxrError("loss_type: cispo cuts ratios off at epsilon_high itself: set it above 1, such as 5")
    elif high is not None and high < low:
        raise CxrError(f"epsilon_high {high:g} is below epsilon {low:g}: it is the wider side of the two, or the same")


def _check_best_strategies(settings: Settings) -> None:
    """CxrError: no checkpoint is written where the model is evaluated."""
    save, evaluate = settings.get("save_strategy", "steps"), evaluation_strategy(settings)
    if settings.get("load_best_model_at_end") and save not in (evaluate, "best"):
        raise CxrError(
            f"load_best_model_at_end: save_strategy is {save} and eval_strategy {evaluate}: make them the same, so "
            "that each checkpoint is evaluated"
        )


def evaluation_strategy(settings: Settings) -> str:
    """When the rows of `--eval` are looked at: each epoch, unless a setting says otherwise."""
    strategy: str = settings.get("eval_strategy") or ("steps" if settings.get("eval_steps") else "epoch")
    return strategy


def _check_arguments(settings: Settings) -> None:
    """CxrError: torch does not take these arguments of checkpointing, or the schedule these numbers."""
    for name, value in (settings.get("lr_scheduler_kwargs") or {}).items():
        if isinstance(value, float | int) and not 0 <= value < math.inf:
            raise CxrError(f"lr_scheduler_kwargs: {name} takes a finite number of at least 0, not {value:g}")
    arguments = settings.get("gradient_checkpointing_kwargs") or {}
    switches = {"use_reentrant": bool, "preserve_rng_state": bool}
    if any(type(value) is not switches.get(name) for name, value in arguments.items()):
        raise CxrError(f"gradient_checkpointing_kwargs takes {', '.join(switches)}: true or false")
