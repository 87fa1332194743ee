"""The files of checkpoints: which one is the last, is it whole, and what of it belongs to the model."""

import json
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import note

STATE = "trainer_state.json"
_SMALL = 2**24  # bytes of a part of an archive that is read whole to see whether it is damaged
_NOT_OF_THE_MODEL = ("optimizer", "scheduler", "scaler", "rng_state", "trainer_state", "training_args", "global_step")


def last_checkpoint(out: Path, processes: int = 1) -> str | None:
    """The newest whole checkpoint in OUT, None if there is none. A checkpoint with a fault, as of one that was being
    written when the disk was full or the run was killed, is renamed to broken-checkpoint-N. Raises CxrError for one
    that was saved without its optimizer.

    processes: how many train.
    """
    for path in _checkpoints(out):
        fault = checkpoint_fault(path, processes)
        if fault is None:
            check_resumable(path)
            return str(path)
        note(f"{path} is not whole ({fault}); it is set aside")
        _move_aside(path)
    return None


def whole_checkpoint(out: Path) -> Path | None:
    """The newest whole checkpoint in OUT. Changes nothing, and asks for no optimizer."""
    return next((path for path in _checkpoints(out) if checkpoint_fault(path) is None), None)


def _checkpoints(out: Path) -> list[Path]:
    """The newest first."""
    names = [path for path in out.glob("checkpoint-*") if path.name.partition("-")[2].isdecimal() and path.is_dir()]
    return sorted(names, key=lambda path: int(path.name.partition("-")[2]), reverse=True)


def checkpoint_fault(path: Path, processes: int = 1) -> str | None:
    """The first fault of a checkpoint: "model.safetensors is damaged". None: it is whole.

    processes: how many have saved it.
    """
    if not _loads(path / STATE, _read_steps):  # written last
        return f"{STATE} is {'damaged' if (path / STATE).exists() else 'missing'}"
    config = path / ("adapter_config.json" if is_adapter(str(path)) else "config.json")
    if not _loads(config, _read_json):  # without it transformers makes a model of its own size
        return f"{config.name} is {'damaged' if config.exists() else 'missing'}"
    shards = {*path.glob("*.safetensors")}
    for index in path.glob("*.safetensors.index.json"):
        if not _loads(index, _read_json):
            return f"{index.name} is damaged"
        shards |= {path / name for name in _read_json(index)["weight_map"].values()}
    if not shards:
        return "its weights are missing"
    for file in sorted(shards):
        if not _loads(file, _open_weights):
            return f"{file.name} is {'damaged' if file.exists() else 'missing'}"
    for file in sorted((*path.rglob("*.pt"), *path.rglob("*.pth"))):
        if not _loads(file, _open_archive):
            return f"{file.name} is damaged"
    return _missing_state(path, processes)


def _missing_state(path: Path, processes: int) -> str | None:
    """What is missing of the state that a training goes on from: "scheduler.pt is missing"."""
    if not _has_optimizer(path):
        return None
    names = ["scheduler.pt"] if (path / "optimizer.pt").exists() else ["latest"]  # DeepSpeed has files of its own
    ranks = range(max(2, processes))  # one of several processes has a number
    names += [f"rng_state_{rank}.pth" for rank in ranks] if any(path.glob("rng_state_*")) else ["rng_state.pth"]
    if missing := next((name for name in names if not (path / name).exists()), None):
        return f"{missing} is missing"
    if "latest" not in names:
        return None
    folder = path / (path / "latest").read_text("utf-8").strip()
    shards = [*folder.glob("*optim_states.pt")]
    return (
        None
        if len(shards) >= processes
        else f"{folder.name} has the optimizer of {len(shards)} of {processes} processes"
    )


def _loads(path: Path, read: Any) -> bool:
    from safetensors import SafetensorError

    try:
        read(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile, SafetensorError):
        return False
    return True


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _read_steps(path: Path) -> int:
    steps = _read_json(path)["global_step"]
    if type(steps) is not int or path.parent.name.rpartition("-")[2] != str(steps):
        raise ValueError
    return steps


def _open_weights(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(str(path), "pt"):  # it compares the length of the file with its header
        pass


def _open_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:  # its table of contents stands at its end
        for entry in archive.infolist():
            if entry.file_size < _SMALL:  # what a tensor is, and where; with its checksum
                archive.read(entry)


def check_resumable(path: Path) -> None:
    """CxrError: the checkpoint was saved without its optimizer."""
    if not _has_optimizer(path):
        raise CxrError(f"{path} was saved without its optimizer: a training cannot go on from it")


def _has_optimizer(path: Path) -> bool:
    """optimizer.pt, or DeepSpeed's folder global_stepN."""
    return (path / "optimizer.pt").is_file() or any(path.glob("global_step*"))


def _move_aside(path: Path) -> None:
    target, number = path.with_name(f"broken-{path.name}"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"broken-{path.name}.{number}")
    path.rename(target)


def steps_of(checkpoint: str) -> int:
    """The steps after which a checkpoint was saved."""
    return _read_steps(Path(checkpoint, STATE))


def point_to_best(checkpoint: str) -> None:
    """Lets the state of a checkpoint name the best one so far in its own folder, which may have been moved. If that one
    is gone, the best is chosen among those to come: a warning."""
    path = Path(checkpoint, STATE)
    state = _read_json(path)
    if not (old := state.get("best_model_checkpoint")):
        return
    best = Path(checkpoint).with_name(Path(old).name)
    if best.is_dir():
        state["best_model_checkpoint"] = str(best)
    else:
        note(f"WARNING: {best}, the best checkpoint so far, is gone: the best of those to come is taken")
        state |= dict.fromkeys(("best_model_checkpoint", "best_metric", "best_global_step"))
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(state, indent=2, sort_keys=True) + "\n", "utf-8")
    part.replace(path)


def copy_model(checkpoint: str, out: Path) -> None:
    """Copies the model of a checkpoint to OUT, without what only a training that goes on needs."""
    for path in Path(checkpoint).iterdir():
        if path.is_file() and not path.name.startswith(_NOT_OF_THE_MODEL):
            shutil.copy2(path, out / path.name)


def is_adapter(checkpoint: str) -> bool:
    """Does a checkpoint hold a LoRA adapter, and not a whole model?"""
    return Path(checkpoint, "adapter_config.json").is_file()
