"""`make test-gpu` on a CPU: every check runs. Its speeds are no test: other work on the machine changes them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.gpu.checks import CHECKS
from tests.conftest import needs

pytestmark = [needs("train"), pytest.mark.slow]
ROOT = Path(__file__).parents[2]


def run(table: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench.gpu", *arguments, "--cpu", "--table", str(table)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)


def rows(table: Path) -> list[list[str]]:
    """[check, what, measured, bar, outcome] of each line."""
    lines = [line for line in table.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_checks_on_a_cpu(tmp_path: Path) -> None:
    """But those whose like other tests run: a training that is resumed, and the miniature, which is the demo."""
    checks = [name for name in CHECKS if name in ("versions", "infer", "rl")]
    done = run(tmp_path / "table.md", *checks, "--minutes", "25")
    results = rows(tmp_path / "table.md")
    assert list(dict.fromkeys(row[0] for row in results)) == checks, done.stderr[-3000:]
    outcomes = {(check, what): outcome for check, what, _, _, outcome in results}
    measured = {(check, what): text for check, what, text, _, _ in results}
    assert [key for key in outcomes if key[1] == "it ends"] == []
    assert outcomes["versions", "those that the extra `train` takes"] == "pass"
    assert outcomes["rl", "peak memory to the plan of --dry-run"] == "skipped"
    own, bare = measured["rl", "steps a second, cxr rl to TRL"].rpartition("loss ")[2].split(" and ")
    assert own == bare  # both have trained on the same
    assert measured["infer", "questions a second, cxr infer to generate"].endswith("100% same texts")
    assert done.returncode == int("FAIL" in outcomes.values())


def test_what_does_not_end_in_time_fails_and_stops_nothing_else(tmp_path: Path) -> None:
    done = run(tmp_path / "table.md", "versions", "miniature", "--minutes", "0.001")
    assert done.returncode == 1
    late = ["it ends", "not within its 1 s", "", "FAIL"]
    assert rows(tmp_path / "table.md") == [["versions", *late], ["miniature", *late]]
