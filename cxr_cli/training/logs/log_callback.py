"""A training's log while it runs: its history, a line of progress, and warnings with what to do."""

import json
import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from cxr_cli.errors import CxrError
from cxr_cli.rows import note

LOWER = "lower learning_rate, and train in bf16 or float32, not in fp16"
PATIENCE = 5  # logs in a row with the same problem before a warning
_PROGRESS = ("loss", "reward", "eval_loss", "eval_accuracy", "eval_answered", "frac_reward_zero_std", "kl")


class LogCallback(TrainerCallback):  # type: ignore[misc]
    """Writes each log to OUT/history.jsonl and a line to stderr, on the first rank alone."""

    def __init__(self, out: Path) -> None:
        self.path = out / "history.jsonl"
        self._start_time = self._start_step = 0.0
        self._streaks: dict[str, int] = {}
        self._warnings: set[str] = set()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._start_time, self._start_step = time.monotonic(), state.global_step
        if state.is_world_process_zero:
            cut_after(self.path, state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if logs:
            self._check(state.global_step, logs)  # on all ranks, or those that go on would wait for the first
        if not state.is_world_process_zero or not logs:
            return
        at_end = self._start_step < state.global_step >= state.max_steps  # it has just come to its end
        if "train_runtime" in logs and not at_end:
            return
        with self.path.open("a") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        if "train_runtime" in logs:
            return
        metrics = [
            f"{name.removeprefix('eval_')} {logs[name]:.4g}" for name in _PROGRESS if isinstance(logs.get(name), float)
        ]
        note(f"step {state.global_step}/{state.max_steps}: {', '.join([*metrics, *self._pace(args, state)])}")
        self._warn(logs)

    def _pace(self, args: Any, state: Any) -> list[str]:
        steps, seconds = state.global_step - self._start_step, time.monotonic() - self._start_time
        if not steps:
            return []
        rows = steps * args.train_batch_size * args.gradient_accumulation_steps * args.world_size / seconds
        rest = (state.max_steps - state.global_step) * seconds / steps
        return [
            f"{rows:.3g} rows/s",
            f"{int(rest // 3600)}:{int(rest // 60 % 60):02}:{int(rest % 60):02} left",
        ]

    def _check(self, step: int, logs: dict[str, Any]) -> None:
        """CxrError: from here on nothing can be learned."""
        for name in ("loss", "grad_norm"):
            if not math.isfinite(float(logs.get(name, 0.0))):
                raise CxrError(f"step {step}: {name} is {logs[name]}: {LOWER}")
        for name, value in logs.items():
            is_reward = name.startswith("rewards/") and name.endswith("/mean")
            if is_reward and self._persists(name, value is None or math.isnan(value)):
                reward = name.removeprefix("rewards/").removesuffix("/mean")
                raise CxrError(f"step {step}: the reward {reward} applied to no completion in the last {PATIENCE} logs")

    def _warn(self, logs: dict[str, Any]) -> None:
        reward_std = logs.get("frac_reward_zero_std")
        if self._persists("zero", reward_std == 1.0):
            self._warn_once(
                "all completions of a prompt are paid the same, so nothing is learned: raise temperature or "
                "num_generations, or take prompts that vary with --filter-variance"
            )
        if self._persists("kl", logs.get("kl", 0.0) > 10):
            self._warn_once(
                "the model runs away from where it started (KL above 10): lower learning_rate or raise beta"
            )
        if self._persists("cut", logs.get("completions/clipped_ratio", 0.0) >= 0.99):
            self._warn_once("all completions are cut off: raise max_completion_length")

    def _persists(self, problem: str, now: bool) -> bool:
        """Has `problem` been there in the last PATIENCE logs? now: is it there in this one?"""
        self._streaks[problem] = self._streaks.get(problem, 0) + 1 if now else 0
        return self._streaks[problem] >= PATIENCE

    def _warn_once(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.add(text)
            note(f"WARNING: {text}")


def cut_after(path: Path, step: int) -> None:
    """Takes out the lines of a file of logs that come after this step, of a run that went on after its last checkpoint,
    and one that was cut off when the run was killed."""
    if not path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    with path.open(encoding="utf-8", errors="replace") as lines, part.open("w", encoding="utf-8") as copy:
        copy.writelines(line for line in lines if step and line.endswith("\n") and _step_of(line) <= step)
    part.replace(path)


def _step_of(line: str) -> float:
    """The step of a line of history.jsonl; infinity for one that was cut off when the run was killed."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf
