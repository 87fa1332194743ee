"""What the libraries of a training log: little, and no row."""

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Keeps deprecations and progress bars of libraries off stderr. Called before DeepSpeed is imported."""
    import torch

    if not torch.cuda.is_available():
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    warnings.filterwarnings("ignore", category=FutureWarning)
    for name in ("datasets", "accelerate", "deepspeed", "DeepSpeed", "trl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("DATASETS_VERBOSITY", "error")
    os.environ.setdefault("DS_LOG_LEVEL", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def hide_rows() -> None:
    """Drops a warning of TRL that prints a whole row, report included, when all of the row's rewards are None."""
    logging.getLogger("trl.trainer.grpo_trainer").addFilter(_quotes_no_row)


def _quotes_no_row(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("All reward functions returned None")
