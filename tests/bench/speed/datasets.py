"""Mining and verifying a tree in the layout of MIMIC-CXR: studies a second on two cores, memory, the first row.

DATASETS_STUDIES=5000 makes it shorter. Our own reports repeat their wording, so those of Open-i in turn are taken too.
The first case is timed with the tables of 227,835 studies, since reading them is what may take long.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tests.shared import openi_reports, report_text
from tests.sources.mimic_tree import studies, write_tables, write_tree

CXR = [sys.executable, "-m", "cxr_cli"]
COUNT = int(os.environ.get("DATASETS_STUDIES", "50000"))
ALL = 227_835  # the studies of MIMIC-CXR


class Used(NamedTuple):
    """Of a process: CPU seconds, and the peak of its memory in MB."""

    cpu: float
    memory: float


def tree(root: Path, count: int, reports: Sequence[str] = ()) -> None:
    write_tree(root, count, reports=reports, films=None)


def tree_of_all(root: Path) -> None:
    """Tables of the full size; reports for the first thousand studies."""
    write_tables(root, studies(ALL, reports=["Clear."]))
    write_tree(root, 1000, films=None, tables=False)


def elsewhere(call: Callable[..., None], *arguments: Any) -> None:
    """In a process of its own: one that is started by a large process counts as large as that."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(call, *arguments).result()


def ended(process: subprocess.Popen[bytes]) -> Used:
    used = os.wait4(process.pid, 0)[2]
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def piped(root: str) -> tuple[float, Used, Used]:
    """`cxr mine ROOT | cxr verify`: seconds, and what the two used."""
    begun, quiet = time.perf_counter(), subprocess.DEVNULL
    mine = subprocess.Popen([*CXR, "mine", f"mimic-cxr:{root}"], stdout=subprocess.PIPE, stderr=quiet)
    verify = subprocess.Popen([*CXR, "verify"], stdin=mine.stdout, stdout=quiet, stderr=quiet)
    assert mine.stdout is not None
    mine.stdout.close()
    used = ended(mine), ended(verify)
    return time.perf_counter() - begun, *used


def throughput(name: str, reports: Sequence[str] = ()) -> None:
    for count in (COUNT // 10, COUNT):
        with tempfile.TemporaryDirectory() as root:
            elsewhere(tree, Path(root), count, reports)
            seconds, mine, verify = piped(root)
        print(
            f"{name}, {count:,} studies: {count / seconds:.0f} studies/s (bar 1,000); "
            f"mine {1000 * mine.cpu / count:.2f} ms of CPU a study, {mine.memory:.0f} MB; "
            f"verify {1000 * verify.cpu / count:.2f} ms, {verify.memory:.0f} MB",
            flush=True,
        )


def first_case() -> None:
    with tempfile.TemporaryDirectory() as root:
        elsewhere(tree_of_all, Path(root))
        begun = time.perf_counter()
        mine = subprocess.Popen([*CXR, "mine", f"mimic-cxr:{root}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert mine.stdout is not None
        mine.stdout.readline()
        seconds = time.perf_counter() - begun
        mine.stdout.read()
        print(
            f"tables of {ALL:,} studies: a case after {seconds:.1f} s (bar 5 s), {ended(mine).memory:.0f} MB",
            flush=True,
        )


def main() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    first_case()
    throughput("our wording")
    if real := [text for text in map(report_text, openi_reports()) if text]:
        throughput("Open-i's reports in turn", real)


if __name__ == "__main__":
    main()
