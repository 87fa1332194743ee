"""Figures 1 and 2 of the published results: are they reproduced, and how long does that take on one core?"""

import json
import os
import subprocess
import sys

from tests.shared import DATA


def seconds(*more: str) -> float:
    """CPU time of `cxr score --from` over all published files, on one core."""
    command = ["taskset", "-c", "0", sys.executable, "-m", "cxr_cli", "score", "--from", "chestx-reasoner"]
    before = os.times().children_user
    subprocess.run([*command, DATA / "published", *more], check=True, capture_output=True)
    return os.times().children_user - before


def files() -> tuple[int, int]:
    """How many published files there are, and how many rows they have."""
    counts = [len(json.loads(path.read_bytes())) for path in (DATA / "published").glob("*/*/*.json")]
    return len(counts), sum(counts)


def main() -> None:
    print("{} files, {} rows".format(*files()))
    for judge in ("rules", "stored"):
        times = sorted(seconds("--summary", "--judge", judge) for _ in range(3))
        print(f"--judge {judge}: {times[1]:.1f} s of one core (median of 3, {times[0]:.1f} to {times[2]:.1f})")
