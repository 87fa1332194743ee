"""CPU time of commands that have next to nothing to do, as multiples of Python's own start.

python -m tests.bench start                   # BASE=FOLDER: another checkout in turn with this one
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROUNDS = 9  # the least of so many counts
STUDY = {"id": "1", "report": "FINDINGS: The heart is enlarged. Small left pleural effusion. No pneumothorax."}


def cpu_seconds(checkout: Path, *arguments: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *arguments], cwd=checkout, env=environment, **silent)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return usage.ru_utime + usage.ru_stime


def command_lines(folder: Path) -> dict[str, list[str]]:
    """Name -> arguments of Python; the rows are in files of `folder`."""
    study, case, answer = (folder / f"{name}.jsonl" for name in ("study", "case", "answer"))
    study.write_text(json.dumps(STUDY) + "\n")
    mine = ["-m", "cxr_cli", "mine", "--task", "binary", "--limit", "1", str(study)]
    rows = subprocess.run([sys.executable, *mine], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    row = json.loads(rows.splitlines()[0])
    case.write_text(json.dumps(row) + "\n")
    answer.write_text(json.dumps(row | {"prediction": "<think>The heart is large.</think><answer>A</answer>"}) + "\n")
    lines = {
        "--help": ["--help"],
        "mine": ["mine", str(study)],
        "label": ["label", str(study)],
        "verify": ["verify", str(case)],
        "score": ["score", str(answer)],
        "score --summary": ["score", "--summary", str(answer)],
        "view": ["view", "--overwrite", "-o", str(folder / "page.html"), str(case)],
    }
    return {"python -c pass": ["-c", "pass"]} | {name: ["-m", "cxr_cli", *line] for name, line in lines.items()}


def main() -> None:
    checkouts = [ROOT, *([Path(os.environ["BASE"])] if "BASE" in os.environ else [])]
    with tempfile.TemporaryDirectory() as folder:
        lines = command_lines(Path(folder))
        best: dict[tuple[Path, str], float] = {}
        for _ in range(ROUNDS):
            for checkout in checkouts:
                for name, line in lines.items():
                    seconds = cpu_seconds(checkout, *line)
                    best[checkout, name] = min(best.get((checkout, name), seconds), seconds)
    own = min(best[checkout, "python -c pass"] for checkout in checkouts)
    for name in lines:
        cells = (f"{best[checkout, name]:.3f} s, {best[checkout, name] / own:5.1f} times" for checkout in checkouts)
        print(f"{name:16}", *cells, sep="  ")
