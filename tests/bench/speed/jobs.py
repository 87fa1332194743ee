"""Figure 4: `--jobs 2` against one process: time, processor time of the main process and of the workers, memory.

By default on all reports of Open-i, each once: what a process remembers of a text helps it alone.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.bench.speed.speed import MAP, many_reports

REPORTS = 3_900
ROUNDS = 4  # in turns, of which the least counts
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
    """seconds: by the clock. main, workers: seconds of processor time. memory: MB at the most, of all processes; what
    several share counts once."""

    seconds: float
    main: float
    workers: float
    memory: float


def usage(folder: Path, *arguments: str) -> Usage:
    """Of a command whose rows go to a file that is thrown away."""
    start, memory = time.perf_counter(), 0.0
    with open(os.devnull, "wb") as out, (folder / "stderr").open("w+") as err:
        command = [sys.executable, "-c", TOOL, *arguments]
        with subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True) as process:
            while process.returncode is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.3)
                memory = max(memory, _memory_of_group(process.pid))
        seconds = time.perf_counter() - start
        err.seek(0)
        main, workers = map(float, err.read().splitlines()[-1].split())
    return Usage(seconds, main, workers, memory)


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
        many_reports(folder / "reports.csv", count)
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
            print(
                f"{stage}: {one.seconds:.1f} s, with 2 {two.seconds:.1f} s, {times:.2f} times as fast; "
                f"processor time {alone:.1f} and {both:.1f} s, of it the main process {two.main:.1f} s: "
                f"at most {alone / max(two.main, both / 2):.2f} times as fast on two free cores; "
                f"memory {one.memory:.0f} and {two.memory:.0f} MB"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
