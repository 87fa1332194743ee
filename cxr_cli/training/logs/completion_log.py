"""`log_completions`: OUT/completions.jsonl has each completion of `cxr rl` with what the rewards paid for it.

    {"step": 3, "id": "a", "completion": "<think> Clear. </think>..", "rewards": {"format": 1.0, "process": null}}

It quotes what a model writes about patients, and stays in OUT. Of several processes each writes its own file.
"""

import json
from collections.abc import Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import jsonlines
from transformers import TrainerCallback

from cxr_cli.rewards.reward_mix import Reward
from cxr_cli.training.logs.log_callback import cut_after
from cxr_cli.training.processes import distributed


class CompletionLog(TrainerCallback):  # type: ignore[misc]
    """Writes the completions of a training, those of a resumed one after those of the steps before."""

    def __init__(self, out: Path) -> None:
        rank = distributed.rank()
        self.path = out / (f"completions.{rank}.jsonl" if rank else "completions.jsonl")
        self._paid: dict[str, Sequence[float | None]] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        cut_after(self.path, state.global_step)

    def logged(self, rewards: Mapping[str, Reward]) -> dict[str, Reward]:
        """The rewards, called in this order; the last one writes what all of them paid."""
        last = [*rewards][-1]
        return {name: self._logged(name, reward, is_last=name == last) for name, reward in rewards.items()}

    def _logged(self, name: str, reward: Reward, *, is_last: bool) -> Reward:
        @wraps(reward)
        def logged(*, completions: Any, case: Sequence[str], trainer_state: Any, **columns: Any) -> Any:
            paid = reward(completions=completions, case=case, trainer_state=trainer_state, **columns)
            self._paid[name] = list(paid)
            if is_last:
                self._write(trainer_state.global_step + 1, completions, case)
            return paid

        return logged

    def _write(self, step: int, completions: Sequence[Any], cases: Sequence[str]) -> None:
        with jsonlines.open(self.path, "a", dumps=json.dumps) as lines:
            for number, (completion, case) in enumerate(zip(completions, cases, strict=True)):
                rewards = {name: paid[number] for name, paid in self._paid.items()}
                text = completion[-1]["content"]
                lines.write({"step": step, "id": json.loads(case)["id"], "completion": text, "rewards": rewards})
