"""Checkpoints: the last whole one is found, its weights are loaded, and one is written when a training is stopped."""

from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from cxr_cli.errors import CxrError
from cxr_cli.rows import note


class Resumable:
    """A mixin for transformers' Trainer that restores the weights of every family. CxrError: the checkpoint is of
    another model.

    By itself Trainer restores none of Qwen2-VL and Qwen2.5-VL: a checkpoint names them differently from the model in
    memory, and names that do not match are skipped. Optimizer, scheduler, place in the data and random state it does
    restore.
    """

    def _load_from_checkpoint(self, checkpoint: str, model: Any = None) -> None:
        trainer: Any = self
        model = model or trainer.model
        if trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled or _is_adapter(checkpoint):
            super()._load_from_checkpoint(checkpoint, model)  # type: ignore[misc]
            return
        current = trainer.accelerator.unwrap_model(model)
        try:
            saved = type(current).from_pretrained(
                checkpoint, dtype=current.dtype, use_safetensors=True, trust_remote_code=False
            )
            current.load_state_dict(saved.state_dict(), strict=True)
        except RuntimeError as error:
            raise CxrError(f"{checkpoint} is of another model than the one that is trained") from error


def _is_adapter(checkpoint: str) -> bool:
    return Path(checkpoint, "adapter_config.json").is_file()


def last_checkpoint(out: Path) -> str | None:
    """The newest complete checkpoint in OUT, None if there is none. One that was being written when the disk was full
    or the run was killed lacks trainer_state.json, which is written last; it is renamed to broken-checkpoint-N."""
    while out.is_dir() and (path := get_last_checkpoint(str(out))):
        if Path(path, "trainer_state.json").is_file():
            return str(path)
        note(f"{path} is not whole; it is set aside")
        Path(path).rename(Path(path).with_name(f"broken-{Path(path).name}"))
    return None


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
