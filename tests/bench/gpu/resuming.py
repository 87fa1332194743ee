"""A training in bf16 that is stopped and resumed, beside one that is left alone."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from recipes import tiny_model
from tests.bench.gpu.result import Result
from tests.bench.gpu.scale import Scale
from tests.bench.speed import training

STEPS = {"sft": 8, "rl": 6}
SETTINGS = {"bf16": True, "full_determinism": True, "save_steps": 2, "save_total_limit": 100, "learning_rate": 1e-3}
SETTINGS |= {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 1, "size": 112, "logging_steps": 1}
SETTINGS_OF_RL = {"num_generations": 4, "max_completion_length": 16, "beta": 0.01, "rewards": "[letters:letters]"}
LETTERS = '''
def letters(completions, **_):
    """The share of letters: something that a model with random weights can learn."""
    texts = [completion[-1]["content"] for completion in completions]
    return [sum(c.isascii() and c.isalpha() for c in text) / max(1, len(text)) for text in texts]
'''


def _resume(stage: str, scale: Scale, folder: Path, seconds: float) -> Iterator[Result]:
    """`cxr sft` or `cxr rl`, stopped by SIGTERM after its first checkpoint."""
    work = folder / f"resume-{stage}"
    work.mkdir()
    model = tiny_model.build(work / "model", size=scale.small)
    training.cases(work)
    (work / "letters.py").write_text(LETTERS)
    settings = {**SETTINGS, "max_steps": STEPS[stage], **(SETTINGS_OF_RL if stage == "rl" else {})}
    command = [sys.executable, "-m", "cxr_cli", stage, "steps.jsonl", "-m", str(model), "--images", "."]
    command += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]

    subprocess.run([*command, "-o", "whole"], cwd=work, check=True)
    stopped = subprocess.Popen([*command, "-o", "stopped"], cwd=work)
    while stopped.poll() is None and not (work / "stopped" / "checkpoint-2").is_dir():
        time.sleep(0.005)
    stopped.terminate()
    code, steps = stopped.wait(), _steps_of(work / "stopped")
    if code != 143:
        raise RuntimeError(f"the training ended with code {code} before it was stopped")
    subprocess.run([*command, "-o", "stopped", "--resume"], cwd=work, check=True)
    other, all_ = _differing(work / "whole", work / "stopped")
    moved, _ = _differing(work / "whole", work / "whole" / "checkpoint-2")
    measured = f"{all_ - other} of {all_} tensors the same, "
    measured += f"stopped after {steps} of {STEPS[stage]} steps; {moved} moved since step 2"
    passed = other == 0 and moved > 0
    yield Result(f"resume-{stage}", f"cxr {stage} in bf16, stopped and resumed", measured, "bit for bit", passed)


sft, rl = partial(_resume, "sft"), partial(_resume, "rl")


def _steps_of(out: Path) -> int:
    """Of the last checkpoint."""
    return max(int(path.name.removeprefix("checkpoint-")) for path in out.glob("checkpoint-*"))


def _differing(one: Path, other: Path) -> tuple[int, int]:
    """How many weights of two models differ in a bit, and of how many."""
    import torch
    from safetensors.torch import load_file

    a, b = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert a.keys() == b.keys()
    return sum(not torch.equal(a[name], b[name]) for name in a), len(a)
