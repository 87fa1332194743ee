"""Work that one process of a training does for all of them."""

import subprocess
import sys
import time
from pathlib import Path

WORK = """
import sys, time
from pathlib import Path
from cxr_cli.training.processes.once import once_for_all

result = Path("result")

def work():
    print("works", flush=True)
    time.sleep(1)
    if sys.argv[1] == "fails":
        sys.exit("no model")
    result.write_text("done")
    time.sleep(1)

once_for_all(work, result.is_file, Path("sign"), beat=0.1, patience=float(sys.argv[2]))
print(result.read_text(), flush=True)
"""


def ranks(tmp_path: Path, *arguments: str, kill_first: bool = False) -> list[tuple[int, str, str]]:
    """(exit code, stdout, stderr) of two processes of a training that do the same work."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, *arguments],
            cwd=tmp_path,
            env={"RANK": rank, "PYTHONPATH": ":".join(sys.path)},
            stdout=-1,
            stderr=-1,
            text=True,
        )
        for rank in ("0", "1")
    ]
    if kill_first:
        time.sleep(1)
        started[0].kill()
    return [(process.wait(timeout=60), *process.communicate()) for process in started]


def test_the_first_works_and_the_others_wait(tmp_path: Path) -> None:
    assert ranks(tmp_path, "works", "9") == [(0, "works\ndone\n", ""), (0, "done\n", "")]
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_if_the_first_fails_the_others_end_in_silence(tmp_path: Path) -> None:
    assert ranks(tmp_path, "fails", "9") == [(1, "works\n", "no model\n"), (1, "", "")]


def test_nobody_waits_for_one_that_was_killed(tmp_path: Path) -> None:
    first, second = ranks(tmp_path, "works", "2", kill_first=True)
    assert (first[0], second) == (-9, (1, "", ""))
