"""The files of checkpoints: which one is the last, is it whole, and what of it belongs to the model."""

import json
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import note

_STATE = "trainer_state.json"
_SMALL = 2**24  # bytes of a part of an archive that is read whole to see whether it is damaged
_NOT_OF_THE_MODEL = ("optimizer", "scheduler", "scaler", "rng_state", "trainer_state", "training_args", "global_step")


def last_checkpoint(out: Path) -> str | None:
    """The newest whole checkpoint in OUT, None if there is none. A checkpoint with a fault, as of one that was being
    written when the disk was full or the run was killed, is renamed to broken-checkpoint-N. Raises CxrError for one
    that was saved without its optimizer."""
    from transformers.trainer_utils import get_last_checkpoint

    while out.is_dir() and (path := get_last_checkpoint(str(out))):
        fault = checkpoint_fault(Path(path))
        if fault is None:
            if not _has_optimizer(Path(path)):
                raise CxrError(f"{path} was saved without its optimizer: a training cannot go on from it")
            return str(path)
        note(f"{path} is not whole ({fault}); it is set aside")
        _move_aside(Path(path))
    return None


def has_checkpoint(out: Path) -> bool:
    """Is there a whole checkpoint in OUT? Changes nothing."""
    return any(checkpoint_fault(path) is None for path in out.glob("checkpoint-*"))


def checkpoint_fault(path: Path) -> str | None:
    """The first fault of a checkpoint: "model.safetensors is damaged". None: it is whole."""
    if not _loads(path / _STATE, _read_steps):  # written last
        return f"{_STATE} is {'damaged' if (path / _STATE).exists() else 'missing'}"
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
    if (path / "optimizer.pt").exists():  # DeepSpeed keeps these in files of its own
        missing = [name for name in ("scheduler.pt", "rng_state*.pth") if not any(path.glob(name))]
        return f"{missing[0].replace('*', '')} is missing" if missing else None
    return None


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
    return _read_steps(Path(checkpoint, _STATE))


def copy_model(checkpoint: str, out: Path) -> None:
    """Copies the model of a checkpoint to OUT, without what only a training that goes on needs."""
    for path in Path(checkpoint).iterdir():
        if path.is_file() and not path.name.startswith(_NOT_OF_THE_MODEL):
            shutil.copy2(path, out / path.name)


def is_adapter(checkpoint: str) -> bool:
    """Does a checkpoint hold a LoRA adapter, and not a whole model?"""
    return Path(checkpoint, "adapter_config.json").is_file()
