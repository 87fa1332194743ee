"""Makes viewer.png and comparison.png anew, from phantoms and made-up models: `python docs/figures.py` in a clone.

Needs matplotlib and Chromium.
"""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from PIL import Image

HERE = Path(__file__).parent
SLIPS = {"careful": 0.1, "careless": 0.5}  # how often a made-up model goes wrong
CASE = "phantom-1-00014/binary/pacemaker"  # the case in the screenshot
WIDE, HIGH = 1360, 800  # pixels of the screenshot


def cxr(*arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "cxr_cli", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def reply(case: dict[str, Any], others: list[str], slips: float, rng: random.Random) -> str:
    """The reference steps and answer; each observation and the answer are exchanged for another one that often."""
    steps = [
        rng.choice(others) if step["kind"] == "observe" and rng.random() < slips else step["text"]
        for step in case["steps"]
    ]
    answer = rng.choice(case["options"]) if rng.random() < slips and case["options"] else case["answer"]
    text = answer if isinstance(answer, str) else ", ".join(answer)
    return f"<think> {' '.join(steps)} </think><answer> {text} </answer>"


def main(folder: Path) -> None:
    cxr("phantom", "-n", "150", "-o", "films", "--size", "512", "--format", "png", "--seed", "1", folder=folder)
    cxr("mine", "films/studies.jsonl", "-o", "cases.jsonl", folder=folder)
    cxr("verify", "cases.jsonl", "--keep", "all", "-o", "steps.jsonl", folder=folder)
    cases = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    others = [step["text"] for case in cases for step in case["steps"] if step["kind"] == "observe"]
    for model, slips in SLIPS.items():
        rng = random.Random(model)
        rows = [{**case, "prediction": reply(case, others, slips, rng)} for case in cases]
        (folder / f"{model}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        cxr("verify", f"{model}.jsonl", "--on", "predictions", "-o", f"{model}-checked.jsonl", folder=folder)
        cxr("score", f"{model}-checked.jsonl", "-o", f"{model}-scored.jsonl", folder=folder)
    models = [f"{model}.jsonl" for model in SLIPS]
    cxr("score", *models, "--compare", "--plot", "figures", folder=folder)
    shrink(folder / "figures" / "radrscore_parts.png", HERE / "comparison.png")
    files = [f"{model}={model}-scored.jsonl" for model in SLIPS]
    cxr("view", *files, "--images", "films", "--embed", "-o", "page.html", folder=folder)
    screenshot(f"{(folder / 'page.html').as_uri()}#{quote(CASE, safe='')}", folder / "viewer.png")
    shrink(folder / "viewer.png", HERE / "viewer.png")


def screenshot(page: str, out: Path) -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"]
    window = f"--window-size={WIDE},{HIGH}"
    subprocess.run([program, *flags, window, f"--screenshot={out}", page], check=True, stderr=subprocess.DEVNULL)


def shrink(image: Path, out: Path) -> None:
    """A palette of 256 colours keeps the marks of the verdicts beside a grey film."""
    Image.open(image).convert("RGB").quantize(256).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size // 1024} kB")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(folder))
