"""`make test-gpu`: what a machine with a GPU shows, in less than ten minutes: `python -m tests.bench.gpu [CHECK ..]`.

Each check prints what it measured, its bar, and whether it passed; one that fails stops no other. The table is written
after each. The exit code is 1 if one failed. Time that a check does not use goes to those after it.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.gpu.checks import CHECKS
from tests.bench.gpu.result import Result, table

TABLE = Path(__file__).parents[1] / "gpu-table.md"


def results_of(name: str, folder: Path, seconds: float, flags: list[str]) -> Iterator[Result]:
    """The results of a check as they come; one more if it does not end well."""
    command = [sys.executable, "-m", "tests.bench.gpu.checks", name, str(folder), f"{seconds:.0f}", *flags]
    ended = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        late = threading.Event()

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            assert process.stdout
            for line in process.stdout:
                result = Result(*json.loads(line))
                ended = ended or result.what == "it ends"
                yield result
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if late.is_set():
        yield Result(name, "it ends", f"not within its {seconds:.0f} s", "", False)
    elif process.returncode and not ended:
        yield Result(name, "it ends", f"no: exit code {process.returncode}", "", False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"of {', '.join(CHECKS)}; default: all")
    parser.add_argument("--cpu", action="store_true", help="everything small, on a CPU")
    parser.add_argument("--minutes", type=float, default=9.5, help="for all checks together (default: 9.5)")
    parser.add_argument("--table", type=Path, default=TABLE, help="where the table goes (default: %(default)s)")
    given = parser.parse_args()
    names = given.checks or [*CHECKS]
    if unknown := {*names} - {*CHECKS}:
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    if given.cpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not os.environ.get("CUDA_VISIBLE_DEVICES"):
        os.environ["CUDA_VISIBLE_DEVICES"] = "0"  # TRL takes one process for each GPU that it sees
    begun, results = time.monotonic(), list[Result]()
    given.table.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python -m tests.bench.gpu", *sys.argv[1:]])
    where = f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, `{command}`"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CXR_CACHE"] = f"{folder}/cache"
        for place, name in enumerate(names):
            left = 60 * given.minutes - (time.monotonic() - begun)
            shares = [CHECKS[later].share for later in names[place:]]
            for result in results_of(
                name, Path(folder), max(1.0, left * shares[0] / sum(shares)), ["--cpu"][: given.cpu]
            ):
                results.append(result)
                spent = f"{(time.monotonic() - begun) / 60:.1f} minutes"
                print(f"{time.monotonic() - begun:4.0f} s  {result}", flush=True)
                given.table.write_text(table(results, [f"{where}, {spent}."]))
    return int(any(result.passed is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
