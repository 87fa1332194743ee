"""Figure 2: mining by a model against a server in a process of its own that answers in 200 ms; then from the cache."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.speed.speed import CXR, many_reports
from tests.engines.scripted import Scripted, items, part
from tests.engines.server import Server

CONCURRENCY, DELAY = 64, 0.2
MINE = ("--map", "id=uid,report=findings+impression", "--task", "binary", "--findings", "all")


class Brief(Scripted):
    """Finds one sentence for each item of a plan: a chain of four steps, as a question about one finding has."""

    def evidence(self, asked: Any) -> Any:
        numbers = [int(number) for number in items(part(asked, "Report"))]
        return {item: numbers[int(item) - 1 :][:1] for item in items(part(asked, "Plan"))}


def serve() -> None:
    """Answers until stdin ends; prints its URL, then how many requests it answered in how many seconds."""
    with Server(Brief(), delay=DELAY) as server:
        print(server.url, flush=True)
        for _ in sys.stdin:
            times = [at for at, _ in server.answered]
            seconds = times[-1] - times[0] + DELAY if times else 0.0
            print(json.dumps({"requests": len(times), "seconds": seconds, "most": server.most}), flush=True)


def mine(table: Path, url: str, out: Path, folder: str) -> tuple[float, float]:
    """Seconds of `cxr mine TABLE -m URL -o OUT`, start-up included, and how many of them a core was busy with it."""
    command = [*CXR, "mine", str(table), *MINE, "-m", url, "--concurrency", str(CONCURRENCY), "-o", str(out)]
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "CXR_CACHE": folder})
    seconds, after = time.perf_counter() - start, os.times()
    return seconds, sum(after[2:4]) - sum(before[2:4])


def rows(path: Path) -> list[Any]:
    return sorted((json.loads(line) for line in path.open()), key=lambda row: row["id"])


def main(reports: int = 240) -> None:
    command = [sys.executable, "-c", "from tests.bench.speed.llm import serve; serve()"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdin
        assert server.stdout
        url = server.stdout.readline().strip()

        def served() -> dict[str, float]:
            print(file=server.stdin, flush=True)
            counts: dict[str, float] = json.loads(server.stdout.readline() if server.stdout else "")
            return counts

        table, first, second = (Path(folder, name) for name in ("reports.csv", "first.jsonl", "second.jsonl"))
        many_reports(table, reports)
        slow, _ = mine(table, url, first, folder)
        counts = served()
        quick, busy = mine(table, url, second, folder)
        most = CONCURRENCY / DELAY
        rate = counts["requests"] / counts["seconds"]
        print(f"{reports} reports, {len(rows(first))} cases, {counts['requests']} requests, {counts['most']} at a time")
        print(f"at the server: {rate:.0f} requests/s, {rate / most:.1%} of {most:.0f} (bar 90 %)")
        print(f"start-up included: {counts['requests'] / slow:.0f} requests/s")
        asked = served()["requests"] - counts["requests"]
        print(f"second run: {asked} requests, {slow:.1f} s -> {quick:.1f} s, {slow / quick:.1f} times as fast (bar 20)")
        print(
            f"a core was busy with it for {busy:.1f} s: {slow / busy:.1f} times as fast on a machine with nothing else"
        )
        assert rows(first) == rows(second)
        server.stdin.close()
