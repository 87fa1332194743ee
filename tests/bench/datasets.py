"""Mining and verifying a tree in the layout of MIMIC-CXR: studies a second on two cores, memory, the first row.

DATASETS_STUDIES=5000 makes it shorter. Our own reports repeat their wording, so those of Open-i in turn are taken too.
The first row is timed with the tables of 227,835 studies, since reading them is what may take long.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.mimic_tree import studies, write_tables, write_tree
from tests.shared import openi_reports, report_text

CXR = [sys.executable, "-m", "cxr_cli"]
COUNT = int(os.environ.get("DATASETS_STUDIES", "50000"))
ALL = 227_835  # the studies of MIMIC-CXR


class Taken(NamedTuple):
    """Seconds of `cxr mine TREE | cxr verify`, and for each of the two CPU seconds and peak memory in MB."""

    wall: float
    cpu: list[float]
    memory: list[float]


def piped(tree: Path) -> Taken:
    begun = time.perf_counter()
    mine = subprocess.Popen([*CXR, "mine", f"mimic-cxr:{tree}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    verify = subprocess.Popen([*CXR, "verify"], stdin=mine.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert mine.stdout is not None
    mine.stdout.close()
    used = [os.wait4(process.pid, 0)[2] for process in (mine, verify)]
    return Taken(
        time.perf_counter() - begun, [u.ru_utime + u.ru_stime for u in used], [u.ru_maxrss / 1024 for u in used]
    )


def throughput(name: str, reports: Iterable[str] = ()) -> None:
    for count in (COUNT // 10, COUNT):
        with tempfile.TemporaryDirectory() as folder:
            write_tree(Path(folder), count, reports=reports, films=None)
            wall, cpu, memory = piped(Path(folder))
        each = ", ".join(f"{1000 * seconds / count:.2f}" for seconds in cpu)
        peaks = ", ".join(f"{peak:.0f}" for peak in memory)
        print(
            f"{name}, {count:,} studies: {count / wall:.0f} studies/s (bar 1,000); mine, verify: {each} ms of CPU a "
            f"study, {peaks} MB at most",
            flush=True,
        )


def first_row() -> None:
    """Tables of the full size; reports for the first thousand studies."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), studies(ALL, reports=["Clear."]))
        write_tree(Path(folder), 1000, films=None, tables=False)
        begun = time.perf_counter()
        mine = subprocess.Popen(
            [*CXR, "mine", f"mimic-cxr:{folder}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert mine.stdout is not None
        mine.stdout.readline()
        seconds = time.perf_counter() - begun
        for _ in mine.stdout:
            pass
        used = os.wait4(mine.pid, 0)[2]
    print(f"tables of {ALL:,} studies: the first case after {seconds:.1f} s (bar 5 s), {used.ru_maxrss / 1024:.0f} MB")


def main() -> None:
    os.sched_setaffinity(0, set(islice(sorted(os.sched_getaffinity(0)), 2)))
    first_row()
    throughput("our wording")
    if real := [text for text in map(report_text, openi_reports()) if text]:
        throughput("Open-i's reports in turn", real)


if __name__ == "__main__":
    main()
