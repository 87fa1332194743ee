"""The arguments of TRL's trainers: their own defaults, then this tool's, then the recipe's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cxr_cli.errors import CxrError, library_message
from cxr_cli.training.settings.defaults import shared_defaults
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.names import OWN_SETTINGS, Settings
from cxr_cli.training.settings.requirements import deepspeed_preset


def trainer_arguments(job: Job, config_class: Any, stage_defaults: Settings) -> Any:
    """An SFTConfig or GRPOConfig of TRL, with our defaults of the stage. Raises CxrError for values that do not fit."""
    import torch

    gpu = torch.cuda.is_available()
    recipe = {name: value for name, value in job.settings.items() if name not in OWN_SETTINGS}
    deepspeed = {"deepspeed": deepspeed_preset(job.settings.get("deepspeed"))}
    with settings_errors():
        arguments = config_class(
            output_dir=str(job.out), **{**shared_defaults(gpu), **deepspeed, **stage_defaults, **recipe}
        )
    _check_optimizer(arguments)
    _check_best(arguments, job)
    return arguments


@contextmanager
def settings_errors() -> Iterator[None]:
    """In this block of TRL's code an error says that settings do not go together: CxrError, in one line."""
    try:
        yield
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        raise CxrError(f"the settings do not go together: {library_message(error)}") from error


def _check_optimizer(arguments: Any) -> None:
    """Raises CxrError if the optimizer or the loader of the rows cannot be made as the settings say."""
    from torch.utils.data import DataLoader
    from transformers import Trainer

    try:
        Trainer.get_optimizer_cls_and_kwargs(arguments)
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        raise CxrError(f"optim: {arguments.optim.value}: {library_message(error)}") from error
    try:
        DataLoader(
            [0],
            num_workers=arguments.dataloader_num_workers,
            prefetch_factor=arguments.dataloader_prefetch_factor,
            persistent_workers=arguments.dataloader_persistent_workers,
        )
    except ValueError as error:
        raise CxrError(
            f"dataloader_num_workers {arguments.dataloader_num_workers}: {library_message(error)}"
        ) from error


_SCORED = ("answered", "accuracy", "format", "factuality", "completeness", "effectiveness")


def _check_best(arguments: Any, job: Job) -> None:
    """Raises CxrError if no evaluation gives what decides which checkpoint is the best."""
    metric = arguments.metric_for_best_model
    if arguments.save_strategy == "best" and metric is None:
        raise CxrError("save_strategy: best needs metric_for_best_model: loss, ..")
    names = ["loss", *(_SCORED if job.settings.get("eval_cases") else ())]
    if metric is not None and metric.removeprefix("eval_") not in names:
        raise CxrError(f"metric_for_best_model: {metric} is none of {', '.join(names)}: eval_cases gives more")
