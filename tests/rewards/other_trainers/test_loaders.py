"""Other trainers load our rewards and call them by their own code. `make build/trainers/ready` installs the trainers,
without what they ask for: their loaders and what makes a batch's rewards run on a CPU, their trainings do not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rewards.other_trainers import build

ROOT = Path(__file__).parents[3]
TRAINERS = ROOT / "build" / "trainers"
PAID = {"format": 1.0, "accuracy": 1.0, "process": 1.0, "factuality": 1.0, "completeness": 1.0, "effectiveness": 1.0}
PAID |= {"consistency": 1.0, "length": 1.0}
UNPAID = {"format": 0.0, "accuracy": 0.0, "process": None, "factuality": None, "completeness": None}
UNPAID |= {"effectiveness": None, "consistency": 0.0, "length": 0.0}
SWIFT = [[1.0, 1.0], [0.0, None]]  # format and process of each response
MS_SWIFT = {"ms-swift==3.12.6": "swift_3_trainer", "ms-swift==4.6.0": "swift_4_trainer"}  # whose trainers can be called
OLDER_MS_SWIFT = [name for name in build.TRAINERS if name.startswith("ms-swift") and name not in MS_SWIFT]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (TRAINERS / "ready").exists(), reason="needs `make build/trainers/ready`"),
]


def got(call: str, trainer: str, folder: Path) -> Any:
    """What the trainer got from our rewards: see calls.py."""
    path = os.pathsep.join(map(str, (ROOT, TRAINERS / trainer, TRAINERS / build.SHARED)))
    home = {"HOME": str(folder), "MODELSCOPE_CACHE": str(folder), "MPLCONFIGDIR": str(folder)}
    command = [sys.executable, "-m", "tests.rewards.other_trainers.calls", call]
    env = {**os.environ, **home, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_verl_has_the_same_names_in_every_row(tmp_path: Path) -> None:
    """It takes the names of the first row, and looks each of them up in all."""
    paid = {"reward_score": 5.0, "reward_extra_info": {"score": 5.0, **PAID}}
    unpaid = {"reward_score": 0.0, "reward_extra_info": {"score": 0.0, **UNPAID}}
    assert got("verl", "verl==0.9.1", tmp_path) == [paid, unpaid, paid, unpaid]


@pytest.mark.parametrize("trainer", OLDER_MS_SWIFT)
def test_ms_swift_finds_the_plugins_rewards(trainer: str, tmp_path: Path) -> None:
    call = "swift_3" if "==3." in trainer else "swift_4"
    assert got(call, trainer, tmp_path) == [list(row) for row in zip(*SWIFT, strict=True)]


@pytest.mark.parametrize("trainer", MS_SWIFT)
def test_in_ms_swift_a_reward_that_does_not_apply_is_nan(trainer: str, tmp_path: Path) -> None:
    assert got(MS_SWIFT[trainer], trainer, tmp_path) == SWIFT


def test_openrlhf_gets_tensors(tmp_path: Path) -> None:
    first, second = got("openrlhf", "openrlhf==0.11.2", tmp_path)
    assert first == {"rewards": [5.0], "extra_logs": {name: [value] for name, value in PAID.items()}}
    assert second == {"rewards": [0.0], "extra_logs": {name: [value] for name, value in UNPAID.items()}}


def test_skyrl_makes_the_environment(tmp_path: Path) -> None:
    first, second, metrics = got("skyrl", "skyrl-gym==0.4.0", tmp_path)
    assert first == {"observations": [], "reward": 5.0, "done": True, "metadata": {}}
    assert second == {"observations": [], "reward": 0.0, "done": True, "metadata": {}}
    assert metrics == {**dict.fromkeys(PAID, 1.0), "format": 0.5, "accuracy": 0.5, "consistency": 0.5, "length": 0.5}
