"""vLLM on this machine's CPU says what transformers says, to questions on one film and on two, in four shapes."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN

pytestmark = NEEDS_VLLM
ALIKE = {"gemma3": 4, "llava_onevision": 4, "qwen3_vl_moe": 4}
"""How many of eight replies are the same at least. Four are on one film. On two, vLLM cuts the films of
LLaVA-OneVision into tiles, which transformers does with a film alone, and Gemma's replies differ too; a mixture of
experts is torn by the last bit of a sum."""


@pytest.mark.parametrize("family", ALIKE)
def test_a_family_answers_as_with_transformers(tmp_path: Path, family: str) -> None:
    command = [PYTHON, RUN, "families", tmp_path, family]
    done = subprocess.run(command, cwd=HOME, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    by_vllm, by_transformers = json.loads(done.stdout.splitlines()[-1])[family]
    alike = [a == b for a, b in zip(by_vllm, by_transformers, strict=True)]
    assert sum(alike) >= ALIKE[family], alike
