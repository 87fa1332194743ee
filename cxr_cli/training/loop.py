"""Runs a trainer to its end, or until it is stopped, and turns what went wrong into errors that a user can act on."""

import re
import sys
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import note
from cxr_cli.training import distributed
from cxr_cli.training.settings.job import Job


def run_trainer(trainer: Any, job: Job) -> None:
    """Trains, from the last checkpoint with `job.resume`, and saves the model in OUT.

    Raises CxrError; exits with 143 after SIGTERM.
    """
    from transformers import PrinterCallback

    from cxr_cli.training.checkpoints import StopOnSignal, last_checkpoint

    stop = StopOnSignal()
    trainer.add_callback(stop)
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_checkpoint(job.out) if job.resume else None
    if checkpoint and not distributed.rank():
        note(f"continues {checkpoint}")
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
        if not stop.requested:
            trainer.save_model(str(job.out))
            (job.out / "training_args.bin").unlink(missing_ok=True)  # a pickle; training.json says it
    except Exception as error:
        if for_user := _error_for_user(error, job):
            raise for_user from error
        raise
    if stop.requested:
        if not distributed.rank():
            note(f"stopped by SIGTERM after step {trainer.state.global_step}; the same command with --resume goes on")
        sys.exit(143)


def _error_for_user(error: Exception, job: Job) -> CxrError | None:
    """What a user can mend, in one line; None for anything else."""
    import torch
    from safetensors import SafetensorError

    from cxr_cli.training.checkpoints import last_checkpoint

    if isinstance(error, CxrError):  # one from a loader's worker comes with the worker's traceback before it
        return CxrError(str(error).strip().splitlines()[-1].removeprefix("cxr_cli.errors.CxrError: "))
    if isinstance(error, torch.OutOfMemoryError):
        return CxrError(
            "out of memory: lower per_device_train_batch_size (and raise gradient_accumulation_steps), --set size=, or "
            "max_completion_length; or use gradient_checkpointing, lora, deepspeed: zero3"
        )
    if not isinstance(error, OSError | SafetensorError | RuntimeError):
        return None
    if type(error) is RuntimeError and not re.search("PytorchStreamWriter|inline_container", str(error)):
        return None  # torch uses these words when a disk is full
    checkpoint = last_checkpoint(job.out)
    return CxrError(
        f"{job.out}: {getattr(error, 'strerror', None) or 'could not be written'}; "
        f"{f'{checkpoint} is whole, --resume continues it' if checkpoint else 'no checkpoint was whole yet'}"
    )
