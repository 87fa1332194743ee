"""The arguments of TRL's trainers: their own defaults, then this tool's, then the recipe's."""

import os
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.training.settings.config import OWN_SETTINGS, Settings
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.requirements import deepspeed_preset


def trainer_arguments(job: Job, config_class: Any, stage_defaults: Settings) -> Any:
    """An SFTConfig or GRPOConfig of TRL, with our defaults of the stage. Raises CxrError for values that do not fit."""
    import torch

    gpu = torch.cuda.is_available()
    recipe = {name: value for name, value in job.settings.items() if name not in OWN_SETTINGS}
    defaults = {
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "dataloader_num_workers": min(4, os.cpu_count() or 1) if gpu else 0,
        "disable_tqdm": True,
        "logging_nan_inf_filter": False,  # it would show the mean of the losses before
        "report_to": "none",
        "save_total_limit": 3,
        "remove_unused_columns": False,
        "use_cpu": not gpu,
        "deepspeed": deepspeed_preset(job.settings.get("deepspeed")),
    }
    try:
        return config_class(output_dir=str(job.out), **{**defaults, **stage_defaults, **recipe})
    except (ValueError, TypeError) as error:
        raise CxrError(f"the settings do not go together: {str(error).strip().splitlines()[0][:300]}") from error
