"""What the libraries of a training print: little, and no row."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cxr_cli.environment import environment

_VARIABLES = {"DATASETS_VERBOSITY": "error", "DS_LOG_LEVEL": "error", "TOKENIZERS_PARALLELISM": "false"}
_LOGGERS = ("datasets", "accelerate", "deepspeed", "DeepSpeed", "trl", "transformers.trainer_utils")


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keeps deprecations and progress bars of libraries off stderr in this block. Entered before DeepSpeed is
    imported."""
    import torch
    from transformers.utils import logging as transformers_logging

    with_cpu = {} if torch.cuda.is_available() else {"DS_ACCELERATOR": "cpu"}  # otherwise DeepSpeed warns
    with ExitStack() as stack:
        stack.enter_context(environment(_VARIABLES | with_cpu))
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("once", message="TRL currently supports vLLM")  # not at each of TRL's imports
        for logger in map(logging.getLogger, _LOGGERS):
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.ERROR)
        if transformers_logging.is_progress_bar_enabled():
            transformers_logging.disable_progress_bar()
            stack.callback(transformers_logging.enable_progress_bar)
        yield


@contextmanager
def no_rows_in_logs() -> Iterator[None]:
    """Drops a warning of TRL that prints a whole row, report included, when all of the row's rewards are None."""
    logger = logging.getLogger("trl.trainer.grpo_trainer")
    logger.addFilter(_quotes_no_row)
    try:
        yield
    finally:
        logger.removeFilter(_quotes_no_row)


def _quotes_no_row(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("All reward functions returned None")
