"""Which versions of other packages work: `python -m tests.bench.versions` tries those of TRIALS and writes the table of
docs/troubleshooting.md. `python -m tests.bench.versions trl==1.17.0 ..` tries others, and writes their lines to stdout.

Each is installed without what it asks for, in a folder of its own that comes first on the path, and tests run with it
beside what is installed. It takes minutes a version.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from tests.rewards.other_trainers import build
from tests.vllm_cpu.serving import PYTHON

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
FOLDER = ROOT / "build" / "versions"
TRAININGS = ("tests/training/grpo", "tests/training/test_checkpoints.py", "tests/training/test_learning.py")
LOADERS = "tests/rewards/other_trainers/test_loaders.py"
ENGINE = ("tests/engines/vllm", "tests/rewards/other_trainers/test_trl_command.py")


class Trial(NamedTuple):
    """A version of a package, and the tests that run with it. slow: those of `make test-all`."""

    package: str
    version: str
    tests: Sequence[str]
    slow: bool = False


def of_training(package: str, *versions: str) -> list[Trial]:
    return [Trial(package, number, TRAININGS) for number in versions]


def trials() -> list[Trial]:
    """The installed versions, older ones of TRL and transformers, and the other trainers."""
    trainers = [Trial(*trainer.split("=="), (LOADERS, "-k", trainer), slow=True) for trainer in build.TRAINERS]
    return [
        *of_training("torch", version("torch")),
        *of_training("transformers", "5.19.0", "5.22.2", version("transformers")),
        *of_training("trl", "1.14.2", "1.15.0", version("trl")),
        *of_training("deepspeed", version("deepspeed")),
        Trial("vllm", _vllm(), ENGINE, slow=True),
        *trainers,
    ]


def _vllm() -> str:
    command = "from importlib.metadata import version; print(version('vllm'))"
    return subprocess.run([PYTHON, "-c", command], capture_output=True, text=True, check=True).stdout.strip()


def newest(package: str) -> str:
    """The newest version on the package index."""
    command = [sys.executable, "-m", "pip", "index", "versions", package]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return lines[0].partition("(")[2].rstrip(")") if lines else "?"


def result(trial: Trial) -> str:
    """ "44 passed", "3 failed, 41 passed", or the first error where pytest could not begin."""
    folders = [ROOT]
    if not trial.slow and _installed(trial.package) != trial.version:
        folders = [FOLDER / f"{trial.package}=={trial.version}", ROOT]
        if not folders[0].exists():
            build.install(folders[0], folders[0].name)
    marker = "slow" if trial.slow else "not slow"
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:warnings", "-m", marker, *trial.tests]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    print(done.stdout[-3000:], file=sys.stderr, flush=True)
    counts = re.findall(r"\d+ (?:passed|failed|skipped|errors?)", done.stdout.strip().rpartition("\n")[2])
    return ", ".join(counts) or next(iter(re.findall(r"^E +(.+)", done.stdout, re.M)), "no test ran")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def row(trial: Trial) -> str:
    tests = " ".join(trial.tests).replace("tests/", "").partition(" -k")[0]
    cells = (trial.package, trial.version, newest(trial.package), result(trial), tests)
    return f"| {' | '.join(cells)} |"


def main(names: Sequence[str]) -> None:
    if names:
        for package, number in (name.split("==") for name in names):
            print(row(Trial(package, number, TRAININGS)), flush=True)
        return
    head = ["| package | version | newest | tests | of |", "|---|---|---|---|---|"]
    table = "\n".join([*head, *map(row, trials())])
    between = re.compile(r"(?<=<!-- versions -->\n).*?(?=<!-- /versions -->)", re.S)
    PAGE.write_text(between.sub(lambda _: table + "\n", PAGE.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
