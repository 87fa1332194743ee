"""What the values of a training's settings may be, beyond the types that TRL's configurations give them."""

import math
from typing import Any, NamedTuple

from cxr_cli.training.settings.names import ROLLOUTS


class Range(NamedTuple):
    """From `low` to `high`, without `low` if it is `open`, and the one value `also` beside it. steps: the number is
    whole, or below 1 a share of all steps."""

    low: float
    high: float
    open: bool = False
    also: float | None = None
    steps: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        above = value > self.low if self.open else value >= self.low
        if not (above and value <= self.high):
            return value == self.also
        return not self.steps or value < 1 or value == math.floor(value)

    def __str__(self) -> str:
        """ "a number above 0, at most 1", "a number of at least 1, at most 9, or -1"."""
        kind = "a whole number of steps or a share below 1, " if self.steps else "a number "
        words = f"{kind}{'above' if self.open else 'of at least'} {self.low:,.10g}, at most {self.high:,.10g}"
        return words if self.also is None else f"{words}, or {self.also:g}"


MANY = 10**9
SHARE, SHARE_ABOVE_0 = Range(0, 1), Range(0, 1, open=True)
BELOW_1 = Range(0, 0.9999)  # what Adam forgets: at 1 it learns nothing
COUNT = Range(1, MANY)
STEPS = Range(0, MANY, open=True, steps=True)
SEED = Range(0, 2**32 - 1)
PORT = Range(1, 65535)

RANGES: dict[str, Range] = {
    # how long and how fast
    "learning_rate": SHARE_ABOVE_0,
    "max_steps": COUNT._replace(also=-1),
    "num_train_epochs": Range(0, 100_000, open=True),
    "warmup_steps": STEPS._replace(open=False),
    "weight_decay": Range(0, 10),
    "adam_beta1": BELOW_1,
    "adam_beta2": BELOW_1,
    "adam_epsilon": Range(0, 0.1, open=True),
    "max_grad_norm": Range(0, 1_000_000),
    "label_smoothing_factor": Range(0, 0.9),
    "neftune_noise_alpha": Range(0, 100),
    "router_aux_loss_coef": SHARE,
    # batches
    "per_device_train_batch_size": Range(1, 65536),
    "per_device_eval_batch_size": Range(1, 65536),
    "gradient_accumulation_steps": Range(1, 1_000_000),
    "dataloader_num_workers": Range(0, 256),
    "dataloader_prefetch_factor": Range(1, 1024),
    "torch_empty_cache_steps": COUNT,
    "max_length": COUNT,
    "ddp_timeout": COUNT,
    "ddp_bucket_cap_mb": Range(1, 100_000),
    # what is written
    "save_steps": STEPS,
    "logging_steps": STEPS,
    "eval_steps": STEPS,
    "eval_delay": Range(0, MANY),
    "eval_accumulation_steps": COUNT,
    "save_total_limit": COUNT,
    "seed": SEED,
    "data_seed": SEED,
    # GRPO
    "num_generations": Range(2, 65536),
    "max_completion_length": COUNT,
    "steps_per_generation": Range(1, 1_000_000),
    "generation_batch_size": COUNT,
    "num_iterations": Range(1, 1000),
    "beta": Range(0, 100),
    "temperature": Range(0.001, 100),
    "top_p": SHARE_ABOVE_0,
    "top_k": Range(2, MANY, also=0),  # of one token all completions are the same
    "min_p": Range(0, 0.999),
    "repetition_penalty": Range(0.01, 100),
    "epsilon": SHARE_ABOVE_0,
    "epsilon_high": Range(0, 1000, open=True),
    "delta": Range(1, 1000, open=True),  # at 1 it would cut off what was just sampled
    "top_entropy_quantile": SHARE_ABOVE_0,
    "entropy_coef": Range(0, 100),
    "off_policy_mask_threshold": Range(0, 1000, open=True),
    "sapo_temperature_neg": Range(0, 1000, open=True),
    "sapo_temperature_pos": Range(0, 1000, open=True),
    "vespo_k_pos": Range(0, 1000, open=True),
    "vespo_k_neg": Range(0, 1000, open=True),
    "vespo_lambda_pos": Range(0, 1000, open=True),
    "vespo_lambda_neg": Range(0, 1000, open=True),
    "vllm_max_model_length": COUNT,
    "vllm_server_port": PORT,
    "vllm_group_port": PORT,
    "vllm_server_timeout": Range(0, MANY, open=True),
    "vllm_gpu_memory_utilization": SHARE_ABOVE_0,
    "vllm_tensor_parallel_size": Range(1, 1024),
    "vllm_importance_sampling_clip_max": Range(0, MANY, open=True),
    "vllm_importance_sampling_clip_min": Range(0, MANY),
    # of this tool
    "size": Range(28, 4096),
    "max_pixels": Range(28 * 28, 4096 * 4096),
    "max_images": Range(1, 1000),
    "max_sampler_gap": Range(0, 100, open=True),
    "eval_cases": Range(0, MANY),
    "eval_tokens": COUNT,
    "lora.r": Range(1, 8192),
    "lora.alpha": Range(0, 65536, open=True),
    "lora.dropout": Range(0, 0.99),
}
"""Of each setting that is a number."""
CHOICES: dict[str, tuple[str, ...]] = {
    "importance_sampling_level": ("token", "sequence"),
    "multi_objective_aggregation": ("sum_then_normalize", "normalize_then_sum"),
    "scale_rewards": ("group", "batch", "none"),
    "attn_implementation": ("sdpa", "eager", "flash_attention_2", "flash_attention_3"),
    "credit": ("completion", "step"),
    "vllm_importance_sampling_mode": ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"),
    "vllm_model_impl": ("vllm", "transformers"),
    "torch_compile_backend": ("inductor", "eager", "aot_eager", "cudagraphs"),
    "torch_compile_mode": ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"),
    "rollouts": tuple(ROLLOUTS),
    "report_to": ("none", "tensorboard", "wandb", "mlflow", "comet_ml", "trackio", "swanlab"),
}
LOSSES = {
    "sft": ("nll", "dft"),
    "rl": ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo"),
}
REQUIRED = ("num_generations", "max_completion_length")
"""Settings that have a value, though their type lets them have none."""


def range_of(name: str, value: Any) -> str | None:
    """What the setting takes, if it does not take this value: "a number above 0, at most 1". None: it takes it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if value in RANGES[name] else str(RANGES[name])
