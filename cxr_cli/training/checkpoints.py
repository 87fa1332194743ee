"""Resuming that restores: weights, optimizer, scheduler, place in the data, random state."""

from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from cxr_cli.errors import CxrError
from cxr_cli.rows import note


class Resumable:
    """A mixin for Trainer. The stock loading of a checkpoint restores no weights of Qwen2-VL and Qwen2.5-VL: the saved
    names differ from the live ones, and what does not fit is passed over."""

    def _load_from_checkpoint(self, checkpoint: str, model: Any = None) -> None:
        trainer: Any = self
        model = model or trainer.model
        if trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled or _is_adapter(checkpoint):
            super()._load_from_checkpoint(checkpoint, model)  # type: ignore[misc]
            return
        live = trainer.accelerator.unwrap_model(model)
        try:
            saved = type(live).from_pretrained(checkpoint, dtype=live.dtype)
            live.load_state_dict(saved.state_dict(), strict=True)
        except RuntimeError as error:
            raise CxrError(f"{checkpoint} is of another model than the one that is trained") from error


def _is_adapter(checkpoint: str) -> bool:
    return Path(checkpoint, "adapter_config.json").is_file()


def last_checkpoint(out: Path) -> str | None:
    """The newest whole checkpoint in OUT: one that was being written when the disk was full or the run was killed has
    no trainer_state.json yet, which is written last."""
    while out.is_dir() and (found := get_last_checkpoint(str(out))):
        if Path(found, "trainer_state.json").is_file():
            return str(found)
        note(f"{found} is not whole; it is set aside")
        Path(found).rename(Path(found).with_name(f"broken-{Path(found).name}"))
    return None


class StopOnSignal(TrainerCallback):  # type: ignore[misc]
    """SIGTERM, as Slurm sends it before it takes a node away: finish the step, save, stop."""

    def __init__(self) -> None:
        import signal

        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._any():
            control.should_save = control.should_training_stop = True

    def _any(self) -> bool:
        """On any rank: the signal does not reach all of them at the same step."""
        import torch
        import torch.distributed as group

        if not (group.is_available() and group.is_initialized()):
            return self.asked
        asked = torch.tensor(int(self.asked), device="cuda" if torch.cuda.is_available() else "cpu")
        group.all_reduce(asked, op=group.ReduceOp.MAX)
        self.asked = bool(asked.item())
        return self.asked
