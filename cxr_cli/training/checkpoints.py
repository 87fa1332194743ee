"""Checkpoints: the last whole one is found, its weights are loaded, and one is written when a training is stopped."""

import json
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from cxr_cli.errors import CxrError
from cxr_cli.rows import note
from cxr_cli.training.logs.log_callback import LOWER

_STATE = "trainer_state.json"
_SMALL = 2**24  # bytes of a part of an archive that is read whole to see whether it is damaged
_NOT_OF_THE_MODEL = ("optimizer", "scheduler", "scaler", "rng_state", "trainer_state", "training_args", "global_step")


class Resumable:
    """A mixin for transformers' Trainer that restores the weights of every family. CxrError: the checkpoint is of
    another model.

    By itself Trainer restores none of Qwen2-VL and Qwen2.5-VL: a checkpoint names them differently from the model in
    memory, and names that do not match are skipped. Optimizer, scheduler, place in the data and random state it does
    restore.
    """

    def _load_from_checkpoint(self, checkpoint: str, model: Any = None) -> None:
        trainer: Any = self
        current = trainer.accelerator.unwrap_model(model or trainer.model)
        if _is_adapter(checkpoint) != hasattr(current, "peft_config"):
            raise CxrError(f"{checkpoint} is of another model than the one that is trained: one is a LoRA adapter")
        if self._restores_by_itself(checkpoint):
            super()._load_from_checkpoint(checkpoint, model)  # type: ignore[misc]
        else:
            _restore_weights(current, checkpoint)

    def _load_best_model(self) -> None:
        trainer: Any = self
        best = trainer.state.best_model_checkpoint
        if self._restores_by_itself(best):
            super()._load_best_model()  # type: ignore[misc]
        else:
            _restore_weights(trainer.accelerator.unwrap_model(trainer.model), best)

    def _restores_by_itself(self, checkpoint: str) -> bool:
        """Does Trainer restore the weights of this checkpoint as they were? Those of adapters, and of shared models."""
        trainer: Any = self
        return trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled or _is_adapter(checkpoint)


def _restore_weights(model: Any, checkpoint: str) -> None:
    try:
        checkpoint_model = type(model).from_pretrained(
            checkpoint, dtype=model.dtype, use_safetensors=True, trust_remote_code=False
        )
        model.load_state_dict(checkpoint_model.state_dict(), strict=True)
    except RuntimeError as error:
        raise CxrError(f"{checkpoint} is of another model than the one that is trained") from error


def _is_adapter(checkpoint: str) -> bool:
    return Path(checkpoint, "adapter_config.json").is_file()


def last_checkpoint(out: Path) -> str | None:
    """The newest whole checkpoint in OUT, None if there is none. A checkpoint with a fault, as of one that was being
    written when the disk was full or the run was killed, is renamed to broken-checkpoint-N. Raises CxrError for one
    that was saved without its optimizer."""
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
    config = path / ("adapter_config.json" if _is_adapter(str(path)) else "config.json")
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


class StopCallback(TrainerCallback):  # type: ignore[misc]
    """After `request`, on whichever rank: finishes the step, saves and stops."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        self.requested = True

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._requested_on_any_rank():
            control.should_save = control.should_training_stop = True

    def _requested_on_any_rank(self) -> bool:
        """A signal does not reach all ranks at the same step."""
        import torch
        import torch.distributed as group

        if not (group.is_available() and group.is_initialized()):
            return self.requested
        flag = torch.tensor(int(self.requested), device="cuda" if torch.cuda.is_available() else "cpu")
        group.all_reduce(flag, op=group.ReduceOp.MAX)
        self.requested = bool(flag.item())
        return self.requested


class GenerationBoundary(TrainerCallback):  # type: ignore[misc]
    """Puts off a checkpoint, and a stop, to the step after which GRPO generates anew.

    GRPO trains on the same completions for several steps (`num_iterations`, `steps_per_generation`). Between two
    generations they are in memory alone, and a training that goes on from there would not be the same. Add it after
    `StopCallback`.
    """

    def __init__(self, steps: int) -> None:
        """steps: how many optimizer steps the completions of one generation last."""
        self.steps, self._save, self._stop = steps, False, False

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            return
        self._save, self._stop = self._save or control.should_save, self._stop or control.should_training_stop
        boundary = state.global_step % self.steps == 0
        control.should_save, control.should_training_stop = boundary and self._save, boundary and self._stop
        if boundary:
            self._save = self._stop = False


class FiniteWeights(TrainerCallback):  # type: ignore[misc]
    """Looks at the weights before each checkpoint. CxrError: one of them is not a number."""

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if control.should_save:
            check_finite(model, state.global_step)


def check_finite(model: Any, step: int) -> None:
    """Raises CxrError if a weight that is trained is not a number."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not parameter.isfinite().all():
            raise CxrError(f"step {step}: weights became NaN or infinite (the first is {name}): {LOWER}")


class FirstCheckpoint(TrainerCallback):  # type: ignore[misc]
    """Calls `then` once the first checkpoint stands, on the first rank alone."""

    def __init__(self, then: Any) -> None:
        self.then = then

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.then()
