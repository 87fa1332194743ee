"""The defaults of the settings of `cxr sft` and `cxr rl`, where they are not those of TRL."""

import os

from cxr_cli.training.settings.names import Settings

SFT_DEFAULTS = {
    "learning_rate": 2e-6,  # as in the paper, for full weights
    "lr_scheduler_type": "cosine",
    "warmup_steps": 0.1,  # of all steps
    "num_train_epochs": 1,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 8,
    "max_length": None,  # a film's tokens cannot be cut
}
RL_DEFAULTS = {
    "learning_rate": 5e-7,  # as in the paper
    "beta": 0.001,  # weight of the KL divergence from the model that it starts from
    "num_generations": 8,
    "per_device_train_batch_size": 8,
    "max_completion_length": 1024,
    "multi_objective_aggregation": "normalize_then_sum",  # (1, 0) and (0, 1) are not the same
}
MAX_SAMPLER_GAP = 0.1
"""The mean difference in the log-probability of a token above which sampler and trainer do not see the same: bf16 makes
0.01 to 0.03, a film in the wrong place several tenths."""
LORA_DEFAULTS = {"r": 16, "alpha": 32, "dropout": 0.0, "target_modules": None}


def shared_defaults(gpu: bool) -> Settings:
    """Of both stages, on a GPU or a CPU."""
    return {
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "dataloader_num_workers": min(4, os.cpu_count() or 1) if gpu else 0,
        "disable_tqdm": True,
        "logging_nan_inf_filter": False,  # it would show the mean of the losses before
        "report_to": "none",
        "save_total_limit": 3,
        "remove_unused_columns": False,
        "use_cpu": not gpu,
    }
