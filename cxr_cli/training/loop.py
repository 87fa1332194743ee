"""Runs a trainer to its end, or until it is stopped, and turns what went wrong into errors that a user can act on."""

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import note
from cxr_cli.termination import on_termination
from cxr_cli.training.checkpoints import STATE, copy_model, last_checkpoint, point_to_best, steps_of, whole_checkpoint
from cxr_cli.training.out_folder import remove_replaced
from cxr_cli.training.processes import distributed
from cxr_cli.training.run_record import COMPLETE_RECORD
from cxr_cli.training.settings.job import Job

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, no quota, the limit on the size of a file
_TORCH_WRITE = re.compile(r"PytorchStreamWriter failed writing|inline_container.*unexpected pos")


def run_trainer(trainer: Any, job: Job, generates_next: Callable[[], bool] = lambda: True) -> None:
    """Trains, from the last checkpoint with `job.resume`, and saves the model in OUT.

    generates_next: after a step of GRPO's optimizer, does the next one begin with new completions?

    Raises CxrError; exits with 128 + N after the signal N: Ctrl-C, SIGTERM or SIGHUP.
    """
    from transformers import PrinterCallback

    from cxr_cli.training.checkpoint_callbacks import (
        FiniteWeights,
        FirstCheckpoint,
        GenerationBoundary,
        Intervals,
        StopCallback,
        check_finite,
    )

    stop = StopCallback(trainer.args.world_size)
    trainer.add_callback(stop)
    trainer.add_callback(GenerationBoundary(generates_next))
    trainer.add_callback(FiniteWeights())
    trainer.add_callback(Intervals())
    if job.overwrite:
        trainer.add_callback(FirstCheckpoint(lambda: remove_replaced(job.out)))
    trainer.remove_callback(PrinterCallback)
    checkpoint = _checkpoint_for_all(job.out, trainer.args.world_size) if job.resume else None
    if checkpoint and not distributed.rank():
        note(f"continues {checkpoint}")
    is_complete = True
    try:
        with on_termination(stop.request):
            if checkpoint and 0 < trainer.args.max_steps <= steps_of(checkpoint):
                trainer.state = type(trainer.state).load_from_json(str(Path(checkpoint, STATE)))
                best = trainer.state.best_model_checkpoint if trainer.args.load_best_model_at_end else None
                _replace_model(job.out, lambda: None if distributed.rank() else copy_model(best or checkpoint, job.out))
            else:
                trainer.train(resume_from_checkpoint=checkpoint)
                at_end = trainer.state.global_step >= trainer.state.max_steps
                is_complete = at_end or not stop.requested  # a signal may have come too late
                if is_complete:
                    check_finite(trainer.model, trainer.state.global_step)
                    _replace_model(job.out, lambda: trainer.save_model(str(job.out)))
    except Exception as error:
        if for_user := _error_for_user(error, job):
            raise for_user from error
        raise
    distributed.leave_process_group()
    if not is_complete:
        if not distributed.rank():
            note(f"stopped after step {trainer.state.global_step}; the same command with --resume goes on")
        sys.exit(stop.exit_code)


def _replace_model(out: Path, save: Callable[[], None]) -> None:
    """Saves the model in OUT; while it does, no record says that OUT is complete."""
    if not distributed.rank():
        (out / COMPLETE_RECORD).unlink(missing_ok=True)
    save()
    if not distributed.rank():
        (out / "training_args.bin").unlink(missing_ok=True)  # a pickle; training.json says it


def _checkpoint_for_all(out: Path, processes: int) -> str | None:
    """The last checkpoint, as the first rank finds it: what is not whole must be set aside by one process alone."""
    import torch.distributed as group

    paths: list[str | None] = [None]
    if not distributed.rank():
        paths = [last_checkpoint(out, processes)]
        if paths[0]:
            point_to_best(paths[0])
    if processes > 1:
        group.broadcast_object_list(paths)
    return paths[0]


def _error_for_user(error: Exception, job: Job) -> CxrError | None:
    """What a user can mend, in one line; None for anything else."""
    import torch

    if isinstance(error, CxrError):  # one from a loader's worker comes with the worker's traceback before it
        return CxrError(str(error).rpartition("cxr_cli.errors.CxrError: ")[2].removesuffix("\\n"))  # its line's end
    if isinstance(error, torch.OutOfMemoryError):
        return CxrError(
            "out of memory: lower per_device_train_batch_size (and raise gradient_accumulation_steps), --set size=, or "
            "max_completion_length; or use gradient_checkpointing, lora, deepspeed: zero3"
        )
    if reason := full_disk(error):
        checkpoint = whole_checkpoint(job.out)
        return CxrError(
            f"{job.out}: {reason}; "
            f"{f'{checkpoint} is whole, --resume continues it' if checkpoint else 'no checkpoint was whole yet'}"
        )
    return None


def full_disk(error: Exception) -> str | None:
    """Whether an error says that a file could not be written for want of room: in the system's words, "No space left on
    device". None: it says something else.

    safetensors quotes the system's error: "I/O error: No space left on device (os error 28)". torch does not: its
    PytorchStreamWriter "failed writing file", or finds an "unexpected pos" in it.
    """
    from safetensors import SafetensorError

    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno in _FULL else None
    text = str(error)
    if isinstance(error, SafetensorError):
        number = re.search(r"\(os error (\d+)\)", text)
        return os.strerror(int(number[1])) if number and int(number[1]) in _FULL else None
    if isinstance(error, RuntimeError) and _TORCH_WRITE.search(text):
        return "could not be written: is the disk full?"
    return None
