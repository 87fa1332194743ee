"""Near-duplicates of Open-i by how near, a long stream of them, and the card of 100,000 questions."""

import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_cli.mining import near_duplicates
from tests.shared import openi_reports, report_text

LONG = 50_000
QUESTIONS = 100_000


def main() -> None:
    reports = [text for row in openi_reports() if (text := report_text(row))]
    settings = (near_duplicates.IN_A_ROW, near_duplicates.LEAST_OVERLAP)
    same = len(reports) - len({near_duplicates.shingles(report) for report in reports})
    print(f"twins among {len(reports)} reports of Open-i, of the same words {same}")
    for words in (1, 2, 3, 5):
        counts = []
        for near in (0.95, 0.9, 0.8, 0.7):
            near_duplicates.IN_A_ROW, near_duplicates.LEAST_OVERLAP = words, near
            counts.append(f"{near}: {_twins(reports)}")
        print(f"  sets of {words} in a row, {', '.join(counts)}")
    near_duplicates.IN_A_ROW, near_duplicates.LEAST_OVERLAP = settings
    with tempfile.TemporaryDirectory() as folder:
        for count in (LONG // 10, LONG):
            studies = Path(folder, "studies.jsonl")
            studies.write_text("".join(json.dumps(row) + "\n" for row in _made(reports, count)))
            for how in ("", " --dedupe"):
                mine = f"{sys.executable} -m cxr_cli mine{how} --task anomaly --steps none {studies} > /dev/null"
                print(f"mine{how} of {count:,} studies: {_measured(mine)}")
        for count in (QUESTIONS // 10, QUESTIONS):
            rows = _questions(reports, count)
            train, test = (Path(folder, f"{name}.jsonl") for name in ("train", "test"))
            for path, part in ((train, rows[: count * 4 // 5]), (test, rows[count * 4 // 5 :])):
                path.write_text("".join(json.dumps(row) + "\n" for row in part))
            card = f"{sys.executable} -m cxr_cli card train={train} test={test} -o {folder}/card --overwrite"
            print(f"card of {count:,} questions: {_measured(card)}")


def _twins(reports: list[str]) -> int:
    with near_duplicates.Reports() as seen:
        return sum(seen.near_duplicate(report, "") is not None for report in reports)


def _made(reports: list[str], count: int) -> Iterator[dict[str, Any]]:
    """Studies with reports of Open-i, in which up to eight words are changed."""
    draw = random.Random(0)
    words = " ".join(reports[:200]).split()
    for number in range(count):
        report = re.split(r"(\s+)", draw.choice(reports))
        for _ in range(draw.choice((0, 0, 1, 2, 4, 8))):
            report[draw.randrange(0, len(report), 2)] = draw.choice(words)
        yield {"id": f"s{number}", "patient": f"p{number}", "images": [f"{number}.png"], "report": "".join(report)}


def _questions(reports: list[str], count: int) -> list[dict[str, Any]]:
    """Five a study, with three steps each."""
    steps = [{"text": f"Step {n} says what is seen.", "verdict": "supported"} for n in range(3)]
    asked = {"task": "binary", "question": "Is there edema?", "options": ["Yes", "No"], "answer": "No", "steps": steps}
    made = _made(reports, count // 5)
    return [study | asked | {"id": f"{study['id']}/{n}", "findings": [f"f{n}"]} for study in made for n in range(5)]


def _measured(command: str) -> str:
    """Seconds of CPU and the most memory of a command, run as a child of a shell of its own."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1], shell=True);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", script, command], capture_output=True, text=True)
    seconds, kilobytes = done.stdout.split()[-2:]
    return f"{float(seconds):.1f} s of CPU, {int(kilobytes) / 1024:.0f} MB"
