"""Training beside a bare TRL script with the same settings, the share of rewards in a step, and many rows.

Tiny models on a CPU. Needs none of the shared data.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from cxr_cli import rewards
from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines.model_files import load_model, load_processor, locate
from cxr_cli.images import load_film
from cxr_cli.images.sizes import Square
from cxr_cli.rewards.reward_mix import RewardMix, select
from cxr_cli.stages import rl as rl_stage
from cxr_cli.stages import sft as sft_stage
from cxr_cli.training import rl, sft
from cxr_cli.training.data.dataset import prompt, target_text
from cxr_cli.training.logs.quiet_libraries import quiet_libraries
from cxr_cli.training.settings.defaults import RL_DEFAULTS, SFT_DEFAULTS, shared_defaults
from cxr_cli.training.settings.job import Job
from recipes import tiny_model

STEPS = {"sft": int(os.environ.get("TRAINING_STEPS", "60")), "rl": int(os.environ.get("TRAINING_STEPS", "60")) // 4}
ROWS = int(os.environ.get("TRAINING_ROWS", "100000"))
SIDE, ROUNDS = 112, 3
COMMON: dict[str, Any] = {"learning_rate": 1e-4, "save_strategy": "no", "logging_steps": 1000, "warmup_steps": 0}
SFT = {**COMMON, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1}
RL = {**COMMON, "per_device_train_batch_size": 16, "num_generations": 8, "max_completion_length": 64, "beta": 0.0}


def cases(folder: Path) -> list[dict[str, Any]]:
    """Mined cases of forty drawn studies, and their films in `folder`."""
    cxr = [sys.executable, "-m", "cxr_cli"]
    drawing = [*cxr, "phantom", "-n", "40", "-o", str(folder), "--size", "256", "--format", "png", "--priors", "0"]
    subprocess.run(drawing, check=True, stderr=subprocess.DEVNULL)
    mined = subprocess.run([*cxr, "mine", str(folder / "studies.jsonl")], check=True, capture_output=True).stdout
    (folder / "steps.jsonl").write_bytes(mined)
    return [json.loads(line) for line in mined.splitlines()]


class Trial(NamedTuple):
    """A training that is timed. stage: sft or rl. folder: with steps.jsonl and its films. settings: of both sides, the
    defaults of `cxr` beside them. side: of the films, in pixels. warm_up: steps before the clock starts."""

    stage: str
    model: Path
    folder: Path
    settings: dict[str, Any]
    steps: int
    side: int = SIDE
    warm_up: int = 2


class Timed(NamedTuple):
    """Steps a second, and the mean loss."""

    speed: float
    loss: float


def trl_run(trial: Trial, rows: list[dict[str, Any]], out: Path) -> Timed:
    """TRL's own trainer over rows in memory."""
    import torch
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    supervised = trial.stage == "sft"
    examples = [
        {
            "images": [load_film(path, trial.folder, size=Square(trial.side), rgb=True) for path in row["images"]],
            "prompt": [{"role": "user", "content": prompt(row, INSTRUCTION)}],
            **(
                {"completion": [{"role": "assistant", "content": target_text(row)}]}
                if supervised
                else {"case": json.dumps(row)}
            ),
        }
        for row in rows
    ]
    kind, config = (SFTTrainer, SFTConfig) if supervised else (GRPOTrainer, GRPOConfig)
    defaults = SFT_DEFAULTS if supervised else {**RL_DEFAULTS, "reward_weights": [1.0, 1.0, 1.0]}
    given = {**shared_defaults(torch.cuda.is_available()), **defaults, **trial.settings, "max_steps": trial.steps}
    args = config(output_dir=str(out), **given)
    loaded = load_model(locate(str(trial.model)), dtype="float32").train()
    processor = load_processor(str(trial.model))
    processor.tokenizer.padding_side = "left"
    functions = {} if supervised else {"reward_funcs": [rewards.format, rewards.accuracy, rewards.process]}
    if not supervised:
        args.generation_kwargs = rl.forbid_film_tokens(processor, loaded.config, vllm=False)
    data, clock = Dataset.from_list(examples), _step_clock(trial.warm_up)
    more = {"processing_class": processor, "callbacks": [clock], **functions}
    loss = kind(model=loaded, args=args, train_dataset=data, **more).train().training_loss
    return Timed(clock.speed(), loss)


def job_of(trial: Trial, out: Path) -> Job:
    settings = {**trial.settings, "max_steps": trial.steps, "size": trial.side}
    return Job(str(trial.model), out, settings, [str(trial.folder / "steps.jsonl")], root=trial.folder)


def cxr_run(trial: Trial, out: Path, chosen: RewardMix) -> Timed:
    """`cxr sft` or `cxr rl`."""
    out.mkdir()
    job, clock = job_of(trial, out), _step_clock(trial.warm_up)
    with with_callback(clock):
        sft_stage.train(job) if trial.stage == "sft" else rl_stage.train(job, chosen)
    logs = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    return Timed(clock.speed(), next(log["train_loss"] for log in logs if "train_loss" in log))


@contextmanager
def with_callback(callback: Any) -> Iterator[None]:
    """In this block both stages train with one more callback."""
    original = sft.run_trainer

    def run_trainer(trainer: Any, job: Job, *steps: int) -> None:
        trainer.add_callback(callback)
        original(trainer, job, *steps)

    with patch.object(sft, "run_trainer", run_trainer), patch.object(rl, "run_trainer", run_trainer):
        yield


def _step_clock(warm_up: int) -> Any:
    import torch
    from transformers import TrainerCallback

    class StepClock(TrainerCallback):  # type: ignore[misc]
        """The times at which steps end."""

        def __init__(self) -> None:
            self.ends: list[float] = []

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.ends.append(time.perf_counter())

        def speed(self) -> float:
            """Steps a second after the warm-up."""
            timed = self.ends[warm_up - 1 :]
            return (len(timed) - 1) / (timed[-1] - timed[0])

    return StepClock()


def with_timer(chosen: RewardMix, spent: list[float]) -> RewardMix:
    """The same rewards; the seconds of each call go to `spent`."""

    def measure(function: Any) -> Any:
        def call(**given: Any) -> Any:
            begun = time.perf_counter()
            paid = function(**given)
            spent.append(time.perf_counter() - begun)
            return paid

        call.__name__ = function.__name__
        return call

    return RewardMix({name: measure(function) for name, function in chosen.functions.items()}, chosen.weights)


def speed(folder: Path) -> None:
    model, rows = tiny_model.build(folder / "model"), cases(folder)
    for stage in ("sft", "rl"):
        trial = Trial(stage, model, folder, SFT if stage == "sft" else RL, STEPS[stage])
        ratios, spent = [], []
        for number in range(ROUNDS):
            bare = trl_run(trial, rows, folder / f"{stage}-trl-{number}").speed
            spent.clear()
            own = cxr_run(trial, folder / f"{stage}-{number}", with_timer(select([]), spent)).speed
            ratios.append(own / bare)
            print(f"{stage}: TRL alone {bare:.2f} steps/s, cxr {own:.2f}: {own / bare:.1%}")
            if stage == "rl":
                print(f"  rewards {sum(spent) * own / STEPS[stage]:.2%} of a step (bar 2%)")
        print(f"{stage}: median {statistics.median(ratios):.1%} (bar 97%)")


def reward_speed() -> None:
    """Rewards of a thousand completions of ordinary length, none of them cached, on one core."""
    from cxr_cli.mining.cases import Miner
    from cxr_cli.rewards.audit import CHEATS, HonestCase
    from tests.cases import LEXICON, READER, examples

    mine = Miner(LEXICON)
    honest = [HonestCase(case, READER) for study in examples() for case in mine(study)][:128]
    ways = [
        HonestCase.honest_reply,
        *(CHEATS[name] for name in ("normal template", "hedging on all", "absent when in doubt")),
    ]
    ways += [CHEATS[name] for name in ("negations flipped", "everything present", "question copied", "both answers")]
    pairs = [(way(h), json.dumps(h.case)) for h in honest for way in ways]
    texts, rows = [text for text, _ in pairs], [case for _, case in pairs]
    begun = time.process_time()
    for function in (rewards.format, rewards.accuracy, rewards.process):
        function(texts, case=rows)
    print(f"{len(texts)} completions, format + accuracy + process: {time.process_time() - begun:.2f} s (bar 1 s)")


def many_rows(folder: Path) -> None:
    """Time to the first step and memory with very many rows."""
    from PIL import Image

    Image.linear_gradient("L").resize((64, 64)).save(folder / "film.png")
    row = {"question": "Is there edema?", "options": ["Yes", "No"], "answer": "No", "images": ["film.png"]}
    row |= {"report": "The lungs are clear. " * 40, "steps": ["I look at the lungs.", "They are clear."] * 3}
    for count in (ROWS // 10, ROWS):
        with (folder / "rows.jsonl").open("w") as file:
            for number in range(count):
                file.write(json.dumps({"id": str(number), **row}) + "\n")
        script = f"from tests.bench.speed.training import one_run; one_run({str(folder)!r})"
        print(f"{count:,} rows:", subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout)


def one_run(folder: str) -> None:
    """Twenty steps over FOLDER/rows.jsonl: seconds to the first, megabytes then and at the end."""
    from transformers import TrainerCallback

    begun, memory = time.perf_counter(), []

    class Meter(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step in (1, 20):
                memory.append((time.perf_counter() - begun, _resident()))

    out = Path(folder, f"out-{time.time_ns()}")
    out.mkdir()
    model = tiny_model.build(Path(folder) / "model")
    settings = {**SFT, "max_steps": 20, "size": 56}
    with quiet_libraries(), with_callback(Meter()):
        sft_stage.train(Job(str(model), out, settings, [str(Path(folder, "rows.jsonl"))], root=Path(folder)))
    (first, early), (_, late) = memory
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"first step after {first:.1f} s (bar 30 s), {early} MB then, {late} MB after 20 steps, {most} MB at most")


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20


def main() -> None:
    reward_speed()
    for figure in (many_rows, speed):
        with quiet_libraries(), tempfile.TemporaryDirectory() as folder:
            figure(Path(folder))


if __name__ == "__main__":
    main()
