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
from pathlib import Path
from typing import Any

from cxr_cli import rewards, stages
from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines.model_files import load_model, load_processor, locate
from cxr_cli.images import load_film
from cxr_cli.images.sizes import Square
from cxr_cli.rewards.reward_mix import RewardMix, select
from cxr_cli.training import rl, sft
from cxr_cli.training.data.dataset import prompt, target_text
from cxr_cli.training.logs.quiet_libraries import quiet_libraries
from cxr_cli.training.settings.defaults import RL_DEFAULTS, SFT_DEFAULTS
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


def trl_speed(stage: str, model: Path, rows: list[dict[str, Any]], folder: Path, out: Path) -> float:
    """Steps a second of TRL's own trainer over rows in memory."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    examples = [
        {
            "images": [load_film(path, folder, size=Square(SIDE), rgb=True) for path in row["images"]],
            "prompt": [{"role": "user", "content": prompt(row, INSTRUCTION)}],
            **(
                {"completion": [{"role": "assistant", "content": target_text(row)}]}
                if stage == "sft"
                else {"case": json.dumps(row)}
            ),
        }
        for row in rows
    ]
    more = {"use_cpu": True, "bf16": False, "gradient_checkpointing": False, "disable_tqdm": True, "report_to": "none"}
    kind, config = (SFTTrainer, SFTConfig) if stage == "sft" else (GRPOTrainer, GRPOConfig)
    given = {**SFT_DEFAULTS, **SFT} if stage == "sft" else {**RL_DEFAULTS, **RL, "reward_weights": [1.0, 1.0, 1.0]}
    args = config(output_dir=str(out), max_steps=STEPS[stage], remove_unused_columns=False, **more, **given)
    loaded, processor = load_model(locate(str(model))).train(), load_processor(str(model))
    processor.tokenizer.padding_side = "left"
    functions = {} if stage == "sft" else {"reward_funcs": [rewards.format, rewards.accuracy, rewards.process]}
    if stage == "rl":
        args.generation_kwargs = rl.forbid_film_tokens(processor, loaded.config, vllm=False)
    data = Dataset.from_list(examples)
    trainer = kind(model=loaded, args=args, train_dataset=data, processing_class=processor, **functions)
    return float(trainer.train().metrics["train_steps_per_second"])


def cxr_speed(stage: str, model: Path, folder: Path, out: Path, chosen: RewardMix) -> float:
    """Steps a second of `cxr sft` or `cxr rl`."""
    out.mkdir()
    settings = {**(SFT if stage == "sft" else RL), "max_steps": STEPS[stage], "size": SIDE}
    job = Job(str(model), out, settings, [str(folder / "steps.jsonl")], root=folder)
    stages.sft.train(job) if stage == "sft" else stages.rl.train(job, chosen)
    logs = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    return float(next(log["train_steps_per_second"] for log in logs if "train_steps_per_second" in log))


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
        ratios, spent = [], []
        for number in range(ROUNDS):
            bare = trl_speed(stage, model, rows, folder, folder / f"{stage}-trl-{number}")
            spent.clear()
            own = cxr_speed(stage, model, folder, folder / f"{stage}-{number}", with_timer(select([]), spent))
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

    run_trainer = sft.run_trainer

    def metered(trainer: Any, job: Job) -> None:
        trainer.add_callback(Meter())
        run_trainer(trainer, job)

    sft.run_trainer = metered
    out = Path(folder, f"out-{time.time_ns()}")
    out.mkdir()
    model = tiny_model.build(Path(folder) / "model")
    settings = {**SFT, "max_steps": 20, "size": 56}
    with quiet_libraries():
        stages.sft.train(Job(str(model), out, settings, [str(Path(folder, "rows.jsonl"))], root=Path(folder)))
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
