"""The folder that a training fills: `-o OUT`. Nothing in it is lost before the new training has a checkpoint."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path

from cxr_cli.engines.model_files.location import model_folders
from cxr_cli.engines.model_files.recorded_instruction import RECORD
from cxr_cli.errors import CxrError
from cxr_cli.images import films_of
from cxr_cli.rows import note
from cxr_cli.training import run_record
from cxr_cli.training.checkpoints import check_resumable, whole_checkpoint
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.processes import distributed
from cxr_cli.training.run_record import RunRecord
from cxr_cli.training.settings.job import Job

KEPT_PROMPTS = "varied.json"
"""The file in OUT with the ids of the prompts that `--filter-variance` keeps: {"samples": 8, "rows": 9, "kept": []}."""
_OF_A_TRAINING = (  # what `cxr sft` and `cxr rl` write into OUT, whatever the family of the model
    *(RECORD, "training.json", "history.jsonl", "completions*.jsonl", "varied.*", "README.md", "curves", "runs"),
    *("checkpoint-*", "broken-checkpoint-*", "*.part", "*.safetensors", "*.safetensors.index.json", "*config*.json"),
    *("*token*", "vocab.*", "merges.txt", "*.model", "*.jinja", "chat_template.json", "training_args.bin"),
    "additional_chat_templates",
    *("latest", "global_step*", "zero_to_fp32.py"),  # DeepSpeed
)


def check_out_folder(job: Job) -> None:
    """Raises CxrError for an OUT that must not be filled, continued or replaced. Changes nothing."""
    out = job.out
    if not _is_first():
        return
    _check_location(out)
    if (aside := set_aside(out)).exists() and (job.overwrite or job.resume):
        what = f"{aside} is what an interrupted --overwrite has set aside"
        if job.overwrite:
            raise CxrError(f"{what}: move it back or remove it")
        note(f"{what}; --resume leaves it there")
    if not holds_something(out):
        return
    if not (job.resume or job.overwrite):
        raise CxrError(f"{out} exists: --resume continues it, --overwrite replaces it")
    if not run_record.is_training(out) and not (job.resume and whole_checkpoint(out)):
        raise CxrError(f"{out} holds something other than a training of `cxr sft` or `cxr rl`: choose another -o")
    if job.overwrite:
        _check_removable(job)


def check_films(job: Job, data: TrainingData) -> None:
    """CxrError: `--overwrite` would remove a film of the rows."""
    if not (_is_first() and job.overwrite and holds_something(job.out)):
        return
    clear: set[Path] = set()
    for rows in (data.rows, *([data.held_out] if data.held_out else ())):
        for row in map(rows.__getitem__, range(len(rows))):
            for path in (Path(job.root or "", film) for film in films_of(row)):
                place = path if path.is_symlink() else path.parent
                if place not in clear and _is_within(place, job.out):
                    raise CxrError(f"--overwrite would remove {path}, a film of id {row['id']}: choose another -o")
                clear.add(place)


def _is_first() -> bool:
    """Is this the process that looks after OUT? None that another one has started after it had looked."""
    return not (distributed.rank() or distributed.launched_by_cxr())


def _check_location(out: Path) -> None:
    """Raises CxrError where no folder can be made, or none can be filled."""
    real = Path(os.path.realpath(out))
    if real.is_symlink():
        raise CxrError(f"{out} is a link to itself: choose another -o")
    place = next(path for path in (real, *real.parents) if path.exists())
    if not place.is_dir():
        raise CxrError(f"{out if place == real else place} is a file: -o names a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise CxrError(f"{place} cannot be written to: choose another -o")


def _check_removable(job: Job) -> None:
    """CxrError: OUT cannot be moved aside, or has something in it that would be missed."""
    out, real = job.out, job.out.resolve()
    if os.path.ismount(real) or not os.access(real.parent, os.W_OK | os.X_OK):
        raise CxrError(f"{out} cannot be moved aside for --overwrite: choose another -o, in a folder of its own")
    for why, path in _read_paths(job):
        if _is_within(path, out):
            raise CxrError(f"--overwrite would remove {path}, which {why}: choose another -o")
    for path in sorted(out.iterdir()):
        if not any(fnmatch(path.name, pattern) for pattern in _OF_A_TRAINING):
            raise CxrError(f"--overwrite would remove {path}, which is no part of a training: move it elsewhere")


def _is_within(path: Path, folder: Path) -> bool:
    """Would `path` be gone without the folder: itself, or a link on the way to it?"""
    places = (path.resolve(), path.parent.resolve() / path.name, Path(os.path.abspath(path)))
    return any(place.is_relative_to(real) for place in places for real in (folder.resolve(), folder.absolute()))


def holds_something(out: Path) -> bool:
    return out.is_dir() and any(out.iterdir())


def set_aside(out: Path) -> Path:
    """Where `--overwrite` keeps what OUT held, until the new training has a checkpoint."""
    real = out.resolve()  # what a link names is moved, not the link
    return real.with_name(f"{real.name}.replaced")


def remove_replaced(out: Path) -> None:
    shutil.rmtree(set_aside(out), ignore_errors=True)


def is_open(job: Job, record: RunRecord) -> bool:
    """Is there something left to train? Raises CxrError if `--resume` would go on with another training, begin one that
    has come to its end anew, or finds a checkpoint without its optimizer."""
    if not (job.resume and holds_something(job.out)):
        return True
    run_record.check_same(job.out, record)
    if run_record.is_finished(job.out, record):
        if not distributed.rank():
            note(f"{job.out} is finished: there is nothing to resume")
        return False
    if checkpoint := whole_checkpoint(job.out):
        check_resumable(checkpoint)
    elif run_record.is_complete(job.out):
        raise CxrError(f"{job.out} is finished, and has no checkpoint to go on from: train it further by -m {job.out}")
    return True


@contextmanager
def filled_folder(job: Job, record: RunRecord) -> Iterator[None]:
    """OUT is made, with the record of this run in it, for a block that fills it. Once for all processes of a training.

    What `--overwrite` replaces is moved aside. If the block fails without a checkpoint, it is moved back, and an OUT
    that was not there and has nothing but the record in it is removed. CxrError: another run is filling OUT.
    """
    if not _is_first():
        yield
        return
    out, old = job.out.resolve(), set_aside(job.out)
    replaces = job.overwrite and holds_something(out)
    with ExitStack() as stack:
        if replaces:
            stack.enter_context(_one_writer(out))
            out.rename(old)
        is_new = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
        stack.enter_context(_one_writer(out))
        try:
            run_record.write_record(out, record)
            yield
        except BaseException:
            if replaces and not whole_checkpoint(out):
                _move_back(old, out)
            elif is_new and {path.name for path in out.iterdir()} <= {RECORD}:
                shutil.rmtree(out)
            raise
    if replaces:
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
    os.set_inheritable(folder, True)  # the processes of a training hold it on if this one is killed
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


def _read_paths(job: Job) -> Iterator[tuple[str, Path]]:
    """(what needs it, path) of the files and folders that the training reads."""
    yield "is the working folder", Path.cwd()
    yield from (("INPUT needs", Path(source)) for source in job.sources if source != "-")
    yield from (("-m needs", folder) for folder in model_folders(job.model))
    by_flag = {"--images": job.root, "--eval": job.evaluation, "--config": job.config, "--lexicon": job.lexicon}
    by_flag["deepspeed"] = job.settings.get("deepspeed")
    yield from ((f"{flag} needs", Path(path)) for flag, path in by_flag.items() if path and Path(path).exists())
