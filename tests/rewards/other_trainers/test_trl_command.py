"""`trl grpo` trains with our rewards on the rows of for_trainers.py, in an environment with torchvision."""

import json
import os
import subprocess
from pathlib import Path

from examples import for_trainers
from tests.vllm_cpu.serving import HOME, NEEDS_VLLM, PYTHON

pytestmark = NEEDS_VLLM


def test_trls_own_command_trains_with_them(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """TRL logs no mean of `process`, which is None without a report."""
    cases = [json.loads(line) for line in (drawn / "steps.jsonl").read_text().splitlines()][:4]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps({**case, "report": None}) + "\n" for case in cases))
    (tmp_path / "rows").mkdir()
    for_trainers.main("trl", str(tmp_path / "cases.jsonl"), str(drawn), str(tmp_path / "rows" / "train.parquet"))
    names = ("format", "accuracy", "process", "consistency")
    command = [str(PYTHON), "-m", "trl.scripts.grpo", "--model_name_or_path", str(tiny_models["qwen2_vl"])]
    command += ["--dataset_name", str(tmp_path / "rows"), "--output_dir", str(tmp_path / "out"), "--use_cpu"]
    command += ["--reward_funcs", *(f"cxr_cli.rewards.{name}" for name in names)]
    command += ["--reward_weights", "1", "1", "2", "1"]
    command += ["--max_steps", "1", "--num_generations", "4", "--per_device_train_batch_size", "4", "--bf16", "false"]
    command += ["--gradient_accumulation_steps", "1", "--max_completion_length", "8", "--logging_steps", "1"]
    command += ["--report_to", "none", "--save_strategy", "no"]
    env = {**os.environ, "PYTHONPATH": str(HOME), "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "'rewards/format/mean': '0'" in done.stdout
    assert "'rewards/process/mean': '" not in done.stdout, done.stdout  # None, or left out
    assert (tmp_path / "out" / "model.safetensors").exists()
