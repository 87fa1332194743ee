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
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from tests.rewards.other_trainers import build
from tests.vllm_cpu.serving import PYTHON

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
FOLDER = ROOT / "build" / "versions"
RESUMED = "tests/training/test_checkpoints.py::test_a_resumed_training_equals_an_uninterrupted_one"
TRAININGS = ("tests/training/grpo", "tests/training/test_learning.py", RESUMED)
LOADERS = "tests/rewards/other_trainers/test_loaders.py"
ROLLOUTS = "tests/engines/vllm/test_vllm.py::test_rollouts_follow_the_weights_that_are_trained"
ENGINE = (ROLLOUTS, "tests/rewards/other_trainers/test_trl_command.py")
PROCESSES = ("tests/training/processes/test_distributed.py", "-k", "zero")


class Trial(NamedTuple):
    """A version of a package, and the tests that run with it. slow: those of `make test-all`."""

    package: str
    version: str
    tests: Sequence[str]
    slow: bool = False


def of_training(package: str, *versions: str) -> list[Trial]:
    return [Trial(package, number, TRAININGS) for number in versions]


def of_loader(package: str, number: str) -> Trial:
    """The tests in LOADERS that have the trainer, or that version of it, in their name."""
    name = number if package == "ms-swift" else package.partition("-")[0]
    return Trial(package, number, (LOADERS, "-k", name), slow=True)


def trials() -> list[Trial]:
    """The installed versions, older ones of TRL and transformers, and the other trainers."""
    trainers = [of_loader(*trainer.split("==")) for trainer in build.TRAINERS]
    return [
        *of_training("torch", version("torch")),
        *of_training("transformers", "5.19.0", "5.22.2", version("transformers")),
        *of_training("trl", "1.15.0", version("trl")),
        Trial("deepspeed", version("deepspeed"), PROCESSES, slow=True),
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
    if trial.slow or _installed(trial.package) == trial.version:
        return _counts((ROOT,), tuple(trial.tests), trial.slow)
    folder = FOLDER / f"{trial.package}=={trial.version}"
    if not folder.exists():
        build.install(folder, folder.name)
    return _counts((folder, ROOT), tuple(trial.tests), trial.slow)


@cache
def _counts(folders: Sequence[Path], tests: Sequence[str], slow: bool) -> str:
    marker = "slow" if slow else "not slow"
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:warnings", "-m", marker, *tests]
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
    tests = " ".join(Path(test.partition("::")[0]).name for test in trial.tests if "/" in test)
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
