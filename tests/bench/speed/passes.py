"""Figure 4: the CPU time of `mine`, `verify` and `score` in passes.

A pass is plain Python over the same rows: JSON is read, the tokens of the row's texts are found by one regular
expression, JSON is written. Commands and passes take turns, and the least time of each counts: so the figures hold on a
busy machine too. Start-up is the time of a command on one row.

    python -m tests.bench.speed.passes 5      # five rounds
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.bench.quality.scoring import as_is
from tests.bench.speed.speed import CXR, MAP
from tests.shared import judged, openi_reports

ROUNDS = 5
TOKEN = re.compile(r"\w+|[^\w\s]")


def plain_pass(source: Path) -> float:
    """CPU seconds of one pass."""
    start = time.process_time()
    with source.open() as rows, source.with_suffix(".pass").open("w") as out:
        for line in rows:
            row = json.loads(line)
            texts = " ".join(value for value in row.values() if isinstance(value, str))
            out.write(json.dumps({**row, "tokens": TOKEN.findall(texts)}) + "\n")
    return time.process_time() - start


def command(out: Path, *arguments: str) -> float:
    """CPU seconds of a command that writes its rows to `out`, user and system."""
    with out.open("wb") as rows:
        process = subprocess.Popen([*CXR, *arguments], stdout=rows, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return usage.ru_utime + usage.ru_stime


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def answered(case: dict[str, Any]) -> dict[str, Any]:
    """The case with its own steps and answer as a model's reply."""
    answer = case["answer"] if isinstance(case["answer"], str) else ", ".join(case["answer"])
    steps = " ".join(step["text"] for step in case["steps"])
    return {**case, "prediction": f"<think>{steps}</think><answer>{answer}</answer>"}


def main(rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out = folder / "out.jsonl"
        studies, cases = write(folder / "studies.jsonl", openi_reports()), folder / "cases.jsonl"
        command(cases, "mine", str(studies), *MAP)
        answers = write(folder / "answers.jsonl", (answered(json.loads(line)) for line in cases.open()))
        wordy = write(folder / "wordy.jsonl", map(as_is, judged()))
        stages = {
            "mine": ("mine", studies, *MAP),
            "verify": ("verify", cases),
            "score": ("score", answers),
            "score, wordy": ("score", wordy),
        }
        clocks: dict[tuple[str, str], Callable[[], float]] = {}
        for stage, (verb, source, *flags) in stages.items():
            first = write(folder / f"{source.stem}-first.jsonl", [json.loads(source.open().readline())])
            clocks[stage, "pass"] = lambda source=source: plain_pass(source)
            clocks[stage, "all"] = lambda verb=verb, rows=source, flags=flags: command(out, verb, str(rows), *flags)
            clocks[stage, "first"] = lambda verb=verb, rows=first, flags=flags: command(out, verb, str(rows), *flags)
        times = {key: min(turn) for key, turn in zip(clocks, zip(*_turns(clocks, rounds), strict=True), strict=True)}
        for stage in stages:
            seconds, start_up, one = (times[stage, what] for what in ("all", "first", "pass"))
            print(
                f"{stage}: {seconds:.2f} s, of it {start_up:.2f} s start-up; a pass {1000 * one:.0f} ms: "
                f"{seconds / one:.1f} passes, {(seconds - start_up) / one:.1f} without start-up"
            )
        pair = [times["mine", what] + times["verify", what] for what in ("all", "first")]
        one = times["mine", "pass"]
        whole, rate = pair[0] / one, (pair[0] - pair[1]) / one
        print(f"mine | verify: {whole:.1f} passes over the studies, {rate:.1f} without start-up")


def _turns(clocks: dict[tuple[str, str], Callable[[], float]], rounds: int) -> list[list[float]]:
    return [[clock() for clock in clocks.values()] for _ in range(rounds)]


if __name__ == "__main__":
    main(int(sys.argv[1]))
