"""vLLM on this machine's CPU says what transformers says, to questions on one film and on two, in four shapes."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN

pytestmark = NEEDS_VLLM
ALIKE = {"gemma3": 4}
"""How many of eight replies are the same at least. Four are on one film; on two, Gemma's replies differ. By hand
`python tests/vllm_cpu/run.py families FOLDER FAMILY` gave 4 for LLaVA-OneVision, whose films vLLM cuts into tiles even
where there are two, and for Qwen3-VL's mixture of experts, which the last bit of a sum changes."""


@pytest.mark.parametrize("family", ALIKE)
def test_a_family_answers_as_with_transformers(tmp_path: Path, family: str) -> None:
    command = [PYTHON, RUN, "families", tmp_path, family]
    done = subprocess.run(command, cwd=HOME, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    by_vllm, by_transformers = json.loads(done.stdout.splitlines()[-1])[family]
    alike = [a == b for a, b in zip(by_vllm, by_transformers, strict=True)]
    assert sum(alike) >= ALIKE[family], alike
