"""Figure 4: speed on one core, memory from 3,000 to 300,000 reports, the time of `cxr --help`."""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cxr_cli.findings import Lexicon, Reader
from cxr_cli.findings.lexicon import expand
from cxr_cli.scoring.scorer import Scorer
from tests.bench.quality.scoring import as_is
from tests.engines.conversations import run_offline
from tests.shared import DATA, judged, openi_reports, report_text

MAP = ["--map", "id=uid,report=findings+impression"]
MEDSPACY = Path(__file__).with_name("medspacy_speed.py")
CXR = [sys.executable, "-m", "cxr_cli"]


def one_core() -> None:
    """This process and its children on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def findings_rate(reports: list[str]) -> float:
    """Reports a second with nothing remembered from before."""
    reader = Reader(Lexicon.load())
    start = time.perf_counter()
    for report in reports:
        reader.read(report)
    return len(reports) / (time.perf_counter() - start)


def medspacy_rate(reports: list[str], python: str) -> float:
    """Reports a second of medspaCy with the same phrases as targets and its own ConText rules."""
    terms = [
        [entry.name, phrase] for entry in Lexicon.load().entries.values() for t in entry.terms for phrase in expand(t)
    ]
    given = json.dumps({"terms": terms, "reports": reports})
    done = subprocess.run([python, str(MEDSPACY)], input=given, capture_output=True, text=True, check=True)
    return float(done.stdout)


def score_rate() -> float:
    """Answers a second."""
    rows = [as_is(row) for row in judged()]
    scorer = Scorer(Reader(Lexicon.load()))
    start = time.perf_counter()
    for row in rows:
        run_offline(scorer.row(row))
    return len(rows) / (time.perf_counter() - start)


def pipeline(table: Path, *flags: str) -> tuple[float, float]:
    """Seconds and the larger peak memory (MB) of `cxr mine TABLE FLAGS | cxr verify`, start-up included."""
    start = time.perf_counter()
    mine = subprocess.Popen([*CXR, "mine", str(table), *MAP, *flags], stdout=subprocess.PIPE)
    verify = subprocess.Popen([*CXR, "verify"], stdin=mine.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert mine.stdout is not None
    mine.stdout.close()
    peaks = [os.wait4(process.pid, 0)[2].ru_maxrss / 1024 for process in (mine, verify)]
    return time.perf_counter() - start, max(peaks)


def many_reports(path: Path, n: int) -> None:
    """A table of `n` reports, Open-i's again and again under new ids."""
    rows = [row for row in openi_reports() if report_text(row)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["uid", "findings", "impression"])
        for i in range(n):
            row = rows[i % len(rows)]
            writer.writerow([f"{i // len(rows)}-{row['uid']}", row["findings"], row["impression"]])


def help_seconds() -> float:
    """The median of nine."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        subprocess.run([str(Path(sys.executable).with_name("cxr")), "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main() -> None:
    one_core()
    reports = [text for text in map(report_text, openi_reports()) if text]
    ours = findings_rate(reports)
    print(f"findings: {ours:.0f} reports/s (bar 3,000)")
    python = os.environ.get("MEDSPACY_PYTHON")
    if python:
        theirs = medspacy_rate(reports[:300], python)
        print(f"medspaCy: {theirs:.1f} reports/s on the first 300; ours is {ours / theirs:.0f} times as fast (bar 20)")
    print(f"score: {score_rate():.0f} answers/s (bar 1,000)")
    seconds, _ = pipeline(DATA / "openi" / "reports.csv")
    print(f"mine | verify, default tasks, both on one core: {len(reports) / seconds:.0f} reports/s (bar 1,000)")
    print(f"cxr --help: {help_seconds():.3f} s (bar 0.2)")
    with tempfile.TemporaryDirectory() as folder:
        for n in (3_000, 30_000, 300_000):
            table = Path(folder) / f"{n}.csv"
            many_reports(table, n)
            seconds, peak = pipeline(table, "--task", "anomaly")
            print(f"mine --task anomaly | verify, {n} reports: {n / seconds:.0f} reports/s, peak memory {peak:.0f} MB")
    print(f"(peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB)")
