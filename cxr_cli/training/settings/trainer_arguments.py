"""The arguments of TRL's trainers: their own defaults, then this tool's, then the recipe's."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import package_line
from cxr_cli.training.settings.config import OWN_SETTINGS, Settings
from cxr_cli.training.settings.job import Job

PRESETS = (Path(__file__).parents[3] / "recipes" / "deepspeed", Path(__file__).parents[1] / "deepspeed")
"""Where the DeepSpeed presets lie: in a clone, and in an installed package."""


def trainer_arguments(job: Job, config_class: Any, stage_defaults: Settings) -> Any:
    """An SFTConfig or GRPOConfig of TRL, with our defaults of the stage. Raises CxrError for values that do not fit."""
    import torch

    report_to = job.settings.get("report_to")
    if report_to in ("tensorboard", "wandb") and not find_spec(report_to):
        raise CxrError(f"{report_to} is not installed: {package_line(report_to)}")
    gpu = torch.cuda.is_available()
    recipe = {name: value for name, value in job.settings.items() if name not in OWN_SETTINGS}
    defaults = {
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "dataloader_num_workers": min(4, os.cpu_count() or 1) if gpu else 0,
        "disable_tqdm": True,
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


def deepspeed_preset(name: str | None) -> str | None:
    """The JSON file of the preset `zero2`, .., or the file that `name` is. Raises CxrError."""
    if name is None:
        return None
    for folder in PRESETS:
        if (folder / f"{name}.json").is_file():
            return str(folder / f"{name}.json")
    if Path(name).is_file():
        return name
    raise CxrError(f"deepspeed: {name} is neither a file nor one of zero2, zero3, zero2-offload, zero3-offload")
