"""How a trainer loads the weights of a checkpoint, and when it writes one."""

import signal
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from cxr_cli.engines.model_files import first_infinite
from cxr_cli.errors import CxrError
from cxr_cli.training.checkpoints import is_adapter
from cxr_cli.training.logs.log_callback import LOWER


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
        if is_adapter(checkpoint) != hasattr(current, "peft_config"):
            raise CxrError(f"{checkpoint} is of another model than the one that is trained: one is a LoRA adapter")
        if self._restores_by_itself(checkpoint):
            try:
                super()._load_from_checkpoint(checkpoint, model)  # type: ignore[misc]
            except RuntimeError as error:
                if "size mismatch" not in str(error):
                    raise
                raise CxrError(f"{checkpoint} is of another model than the one that is trained: its shape") from error
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
        return trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled or is_adapter(checkpoint)


def _restore_weights(model: Any, checkpoint: str) -> None:
    try:
        checkpoint_model = type(model).from_pretrained(
            checkpoint, dtype=model.dtype, use_safetensors=True, trust_remote_code=False
        )
        model.load_state_dict(checkpoint_model.state_dict(), strict=True)
    except RuntimeError as error:
        raise CxrError(f"{checkpoint} is of another model than the one that is trained") from error


class StopCallback(TrainerCallback):  # type: ignore[misc]
    """After `request`, on whichever rank: finishes the step, saves and stops."""

    def __init__(self, processes: int = 1) -> None:
        """processes: how many train."""
        self.processes, self.requested, self.exit_code = processes, False, 128 + signal.SIGTERM

    def request(self, number: int) -> bool:
        """For `on_termination`. A second Ctrl-C ends the command at once, as the first does where there are several
        processes: torchrun then kills the others."""
        if number == signal.SIGINT and (self.requested or self.processes > 1):
            return False
        self.requested, self.exit_code = True, 128 + number
        return True

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


class Intervals(TrainerCallback):  # type: ignore[misc]
    """Lets a training that goes on save, log and evaluate as often as its settings say now: by itself Trainer does it
    as often as they said when the checkpoint was saved."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        state.compute_steps(args, state.max_steps)


class GenerationBoundary(TrainerCallback):  # type: ignore[misc]
    """Puts off a checkpoint, and a stop, to the step after which GRPO generates anew.

    GRPO trains on the same completions for several steps (`num_iterations`, `steps_per_generation`). Between two
    generations they are in memory alone, and a training that goes on from there would not be the same. Add it after
    `StopCallback`.
    """

    def __init__(self, generates_next: Callable[[], bool]) -> None:
        """generates_next: after a step, does the next one begin with new completions? Steps cannot be counted for it:
        the last one of an epoch may be shorter than the others."""
        self.generates_next, self._save, self._stop = generates_next, False, False

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            return
        self._save, self._stop = self._save or control.should_save, self._stop or control.should_training_stop
        boundary = self.generates_next()
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
    parameters = ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)
    if name := first_infinite(parameters):
        raise CxrError(f"step {step}: weights became NaN or infinite (the first is {name}): {LOWER}")


class FirstCheckpoint(TrainerCallback):  # type: ignore[misc]
    """Calls `then` once the first checkpoint stands, on the first rank alone."""

    def __init__(self, then: Any) -> None:
        self.then = then

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.then()
