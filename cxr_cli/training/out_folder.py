"""The folder that a training fills: `-o OUT`. Nothing in it is lost before the new training has a checkpoint."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cxr_cli.engines.model_files.recorded_instruction import RECORD
from cxr_cli.errors import CxrError
from cxr_cli.rows import note
from cxr_cli.training import run_record
from cxr_cli.training.checkpoints import has_checkpoint
from cxr_cli.training.processes import distributed
from cxr_cli.training.run_record import RunRecord
from cxr_cli.training.settings.job import Job

KEPT_PROMPTS = "varied.json"
"""The file in OUT with the ids of the prompts that `--filter-variance` keeps: {"samples": 8, "rows": 9, "kept": []}."""


def check_out_folder(job: Job) -> None:
    """Raises CxrError for an OUT that must not be filled, continued or replaced. Changes nothing."""
    out = job.out
    if distributed.rank() or distributed.launched_by_cxr():  # another process has looked
        return
    if out.exists() and not out.is_dir():
        raise CxrError(f"{out} is a file: -o names a folder")
    if not holds_something(out):
        return
    if not (job.resume or job.overwrite):
        raise CxrError(f"{out} exists: --resume continues it, --overwrite replaces it")
    if not _is_training_output(out):
        raise CxrError(f"{out} holds something else than a training of `cxr sft` or `cxr rl`: choose another -o")
    if job.overwrite:
        for flag, path in _input_paths(job):
            if path.resolve().is_relative_to(out.resolve()):
                raise CxrError(f"--overwrite would remove {path}, which {flag} needs: choose another -o")
        if (aside := set_aside(out)).exists():
            raise CxrError(f"{aside} is what an interrupted --overwrite has set aside: move it back or remove it")


def holds_something(out: Path) -> bool:
    return out.is_dir() and any(out.iterdir())


def set_aside(out: Path) -> Path:
    """Where `--overwrite` keeps what OUT held, until the new training has a checkpoint."""
    real = out.resolve()  # what a link names is moved, not the link
    return real.with_name(f"{real.name}.replaced")


def remove_replaced(out: Path) -> None:
    shutil.rmtree(set_aside(out), ignore_errors=True)


def is_open(job: Job, record: RunRecord) -> bool:
    """Is there something left to train? Raises CxrError if `--resume` would go on with another training."""
    if not (job.resume and holds_something(job.out)):
        return True
    run_record.check_same(job.out, record)
    if run_record.is_finished(job.out, record):
        if not distributed.rank():
            note(f"{job.out} is finished: there is nothing to resume")
        return False
    return True


@contextmanager
def filled_folder(job: Job, record: RunRecord) -> Iterator[None]:
    """OUT is made, with the record of this run in it, for a block that fills it. Once for all processes of a training.

    What `--overwrite` replaces is moved aside. If the block fails without a checkpoint, it is moved back, and an OUT
    that was not there and has nothing but the record in it is removed. CxrError: another run is filling OUT.
    """
    if distributed.rank() or distributed.launched_by_cxr():
        yield
        return
    out, old = job.out.resolve(), set_aside(job.out)
    with ExitStack() as stack:
        if job.overwrite and holds_something(out):
            stack.enter_context(_one_writer(out))
            out.rename(old)
        is_new = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
        stack.enter_context(_one_writer(out))
        run_record.write_record(out, record)
        try:
            yield
        except BaseException:
            if old.exists() and not has_checkpoint(out):
                _move_back(old, out)
            elif is_new and [path.name for path in out.iterdir()] == [RECORD]:
                shutil.rmtree(out)
            raise
    remove_replaced(out)


def _move_back(old: Path, out: Path) -> None:
    """OUT holds again what `--overwrite` moved aside, unless it has got answers of a model meanwhile."""
    if (out / KEPT_PROMPTS).exists():
        note(f"what {out} held before is in {old}")
    else:
        shutil.rmtree(out)
        old.rename(out)


@contextmanager
def _one_writer(out: Path) -> Iterator[None]:
    """Holds a folder for this run, as far as its file system has locks. CxrError: another run holds it."""
    folder = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise CxrError(f"{out}: another run is writing it; wait for its end, or choose another -o") from None
    except OSError:  # a network file system
        pass
    try:
        yield
    finally:
        os.close(folder)


def _is_training_output(out: Path) -> bool:
    names = (RECORD, "training.json", "history.jsonl", KEPT_PROMPTS)
    return any((out / name).is_file() for name in names) or any(out.glob("checkpoint-*/trainer_state.json"))


def _input_paths(job: Job) -> Iterator[tuple[str, Path]]:
    """(flag, path) of the files and folders that the training reads."""
    yield from (("INPUT", Path(source)) for source in job.sources if source != "-")
    by_flag = {"-m": job.model, "--images": job.root, "--eval": job.evaluation, "--config": job.config}
    yield from ((flag, Path(path)) for flag, path in by_flag.items() if path and Path(path).exists())
