"""What the values of a training's settings may be, beyond the types that TRL's configurations give them."""

import math
from typing import Any, NamedTuple


class Range(NamedTuple):
    """From `low` to `high`, without `low` if it is `open`, and the one value `also` beside it."""

    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    also: float | None = None

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        above = value > self.low if self.open else value >= self.low
        return value == self.also or (math.isfinite(value) and above and value <= self.high)

    def __str__(self) -> str:
        """ "a number above 0, at most 1", "a number of at least 1, or -1"."""
        if self.low == -math.inf:
            return "a finite number"
        words = f"a number {'above' if self.open else 'of at least'} {self.low:g}"
        words += f", at most {self.high:g}" if math.isfinite(self.high) else ""
        return words if self.also is None else f"{words}, or {self.also:g}"


FINITE = Range()
ABOVE_0, AT_LEAST_0, AT_LEAST_1 = Range(0, open=True), Range(0), Range(1)
SHARE, SHARE_ABOVE_0 = Range(0, 1), Range(0, 1, open=True)
BELOW_1 = Range(0, 0.9999)  # what Adam forgets: at 1 it learns nothing

RANGES: dict[str, Range] = {
    # how long and how fast
    "learning_rate": SHARE_ABOVE_0,
    "max_steps": Range(1, also=-1),
    "num_train_epochs": ABOVE_0,
    "warmup_steps": AT_LEAST_0,
    "weight_decay": AT_LEAST_0,
    "adam_beta1": BELOW_1,
    "adam_beta2": BELOW_1,
    "adam_epsilon": ABOVE_0,
    "max_grad_norm": AT_LEAST_0,
    "label_smoothing_factor": SHARE,
    "neftune_noise_alpha": AT_LEAST_0,
    "router_aux_loss_coef": AT_LEAST_0,
    # batches
    "per_device_train_batch_size": AT_LEAST_1,
    "per_device_eval_batch_size": AT_LEAST_1,
    "gradient_accumulation_steps": AT_LEAST_1,
    "dataloader_num_workers": AT_LEAST_0,
    "dataloader_prefetch_factor": AT_LEAST_1,
    "pad_to_multiple_of": AT_LEAST_1,
    "torch_empty_cache_steps": AT_LEAST_1,
    "max_length": AT_LEAST_1,
    # what is written
    "save_steps": ABOVE_0,
    "logging_steps": ABOVE_0,
    "eval_steps": ABOVE_0,
    "eval_delay": AT_LEAST_0,
    "eval_accumulation_steps": AT_LEAST_1,
    "save_total_limit": AT_LEAST_1,
    "seed": Range(0, 2**32 - 1),
    "data_seed": Range(0, 2**32 - 1),
    # GRPO
    "num_generations": Range(2),
    "max_completion_length": AT_LEAST_1,
    "steps_per_generation": AT_LEAST_1,
    "generation_batch_size": AT_LEAST_1,
    "num_iterations": AT_LEAST_1,
    "beta": AT_LEAST_0,
    "temperature": ABOVE_0,
    "top_p": SHARE_ABOVE_0,
    "top_k": AT_LEAST_0,
    "min_p": SHARE,
    "repetition_penalty": ABOVE_0,
    "epsilon": ABOVE_0,
    "epsilon_high": ABOVE_0,
    "top_entropy_quantile": SHARE,
    "delta": ABOVE_0,
    "entropy_coef": AT_LEAST_0,
    "vllm_max_model_length": AT_LEAST_1,
    "vllm_server_port": Range(1, 65535),
    "vllm_group_port": Range(1, 65535),
    "vllm_server_timeout": ABOVE_0,
    "vllm_gpu_memory_utilization": SHARE_ABOVE_0,
    "vllm_tensor_parallel_size": AT_LEAST_1,
    # of this tool
    "size": Range(28, 4096),
    "max_pixels": Range(28 * 28),
    "max_images": AT_LEAST_1,
    "max_sampler_gap": ABOVE_0,
    "eval_cases": AT_LEAST_0,
    "eval_tokens": AT_LEAST_1,
    "lora.r": AT_LEAST_1,
    "lora.alpha": ABOVE_0,
    "lora.dropout": Range(0, 0.99),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "truncation_mode": ("keep_start", "keep_end"),
    "importance_sampling_level": ("token", "sequence"),
    "multi_objective_aggregation": ("sum_then_normalize", "normalize_then_sum"),
    "scale_rewards": ("group", "batch", "none"),
    "attn_implementation": ("sdpa", "eager", "flash_attention_2", "flash_attention_3"),
    "credit": ("completion", "step"),
    "vllm_importance_sampling_mode": ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"),
    "vllm_model_impl": ("vllm", "transformers"),
    "report_to": ("none", "tensorboard", "wandb", "mlflow", "comet_ml", "trackio", "swanlab"),
}
LOSSES = {
    "sft": ("nll", "dft"),
    "rl": ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo"),
}
REQUIRED = ("size", "num_generations", "max_completion_length")
"""Settings that have a value, though their type lets them have none."""


def range_of(name: str, value: Any) -> str | None:
    """What the setting takes, if it does not take this value: "a number above 0". None: it takes it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    limits = RANGES.get(name, FINITE)
    return None if value in limits else str(limits)
