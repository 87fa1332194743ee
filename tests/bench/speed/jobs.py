"""Figure 4: `--jobs 2` against one process: time, processor time of the main process and of the workers, memory.

The reports are all different, each of sentences drawn from Open-i's: what a process remembers of a text helps it alone.

    python -m tests.bench.speed.jobs 20000      # reports
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.speed.speed import MAP
from tests.shared import openi_reports

REPORTS = 10_000
COLUMNS = ("findings", "impression")
ROUNDS = 3  # in turns, of which the least counts
_SENTENCE_END = re.compile(r"(?<=[.?!]) +")
TOOL = """
import atexit, resource, sys
from cxr_cli.cli import main

def times():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(*(usage.ru_utime + usage.ru_stime for usage in usages), file=sys.stderr)

atexit.register(times)
main()
"""


class Usage(NamedTuple):
    """seconds: by the clock. main, workers: seconds of processor time."""

    seconds: float
    main: float
    workers: float


def mixed_reports(path: Path, n: int) -> None:
    """A table of `n` reports with as many sentences as Open-i's have."""
    rows, rng = openi_reports(), random.Random(0)
    texts = {column: [_SENTENCE_END.split(row[column]) for row in rows if row[column]] for column in COLUMNS}
    sentences = {column: [sentence for text in lists for sentence in text] for column, lists in texts.items()}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["uid", *COLUMNS])
        for number in range(n):
            drawn = (rng.sample(sentences[column], len(rng.choice(texts[column]))) for column in COLUMNS)
            writer.writerow([number, *map(" ".join, drawn)])


def usage(folder: Path, *arguments: str) -> Usage:
    """Of a command whose rows are thrown away."""
    with open(os.devnull, "wb") as out, (folder / "stderr").open("w+") as err:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", TOOL, *arguments], stdout=out, stderr=err, check=True)
        seconds = time.perf_counter() - start
        err.seek(0)
        main, workers = map(float, err.read().splitlines()[-1].split())
    return Usage(seconds, main, workers)


def memory(*arguments: str) -> float:
    """MB of all processes of a command at the most; what several share counts once."""
    most = 0.0
    command = [sys.executable, "-m", "cxr_cli", *arguments]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **silent, start_new_session=True) as process:
        while process.poll() is None:
            time.sleep(0.3)
            most = max(most, _memory_of_group(process.pid))
    return most


def _memory_of_group(group: int) -> float:
    """Proportional set size in MB."""
    size = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == group:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                size += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:  # it has ended
            continue
    return size / 1024


def main(count: int = REPORTS) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed_reports(folder / "reports.csv", count)
        with (folder / "cases.jsonl").open("w") as cases:
            command = [sys.executable, "-m", "cxr_cli", "mine", str(folder / "reports.csv"), *MAP]
            subprocess.run(command, stdout=cases, check=True)
        with (folder / "answers.jsonl").open("w") as answers, (folder / "cases.jsonl").open() as cases:
            for case in map(json.loads, cases):
                reply = " ".join(step["text"] for step in case["steps"])
                answers.write(json.dumps({**case, "prediction": f"{reply} {case['answer']}"}) + "\n")
        for stage, *flags in (
            ("mine", "reports.csv", *MAP),
            ("label", "reports.csv", *MAP),
            ("verify", "cases.jsonl"),
            ("score", "answers.jsonl"),
        ):
            file, *more = flags
            command = (stage, str(folder / file), *more, "--jobs")
            rounds = [[usage(folder, *command, jobs) for jobs in ("1", "2")] for _ in range(ROUNDS)]
            one, two = (Usage(*map(min, zip(*usages, strict=True))) for usages in zip(*rounds, strict=True))
            alone, both, times = one.main + one.workers, two.main + two.workers, one.seconds / two.seconds
            sizes = [memory(*command, jobs) for jobs in ("1", "2")]
            print(
                f"{stage}: {one.seconds:.1f} s, with 2 {two.seconds:.1f} s, {times:.2f} times as fast; "
                f"processor time {alone:.1f} and {both:.1f} s, of it the main process {two.main:.1f} s: "
                f"at most {alone / max(two.main, both / 2):.2f} times as fast on two free cores; "
                f"memory {sizes[0]:.0f} and {sizes[1]:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
