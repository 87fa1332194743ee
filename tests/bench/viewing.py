"""The page of `cxr view` in a headless browser: 5,000 verified cases of Open-i, each answered by two models.

VIEWING_ROWS=20000 takes more. All show one drawn film, by reference.
"""

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.layout import answered, say
from tests.bench.speed import CXR, MAP
from tests.browser import Viewer, open_browser
from tests.shared import DATA

ROUNDS = 5
CHOICES = [
    *(("task", "multiple"), ("verdict", "contradicted"), ("outcome", "wrong"), ("outcome", "differ"), ("mark", "no")),
    *(("search", "effusion"), ("search", "no such words at all"), ("search", "")),
]
# Until the frame after the one that shows the answer is begun.
FILTERED = """async ([id, value]) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await drawn();
  const box = document.getElementById(id);
  const begun = performance.now();
  box.value = value;
  box.dispatchEvent(new Event(id === "search" ? "input" : "change"));
  await drawn();
  const taken = performance.now() - begun;
  if (id !== "search") { box.value = ""; box.dispatchEvent(new Event("change")); }
  return taken;
}"""
OPENED = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return [page.domContentLoadedEventEnd, paint ? paint.startTime : 0];
}"""


def main() -> None:
    count = int(os.environ.get("VIEWING_ROWS", "5000"))
    with tempfile.TemporaryDirectory() as name, contextlib.contextmanager(open_browser)() as browser:
        folder = Path(name)
        inputs = _inputs(folder, count)
        begun = time.perf_counter()
        command = [*CXR, "view", *inputs, "--images", str(folder), "-o", str(folder / "page.html")]
        subprocess.run(command, check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = (folder / "page.html").stat().st_size / 1e6
        print(
            f"{2 * count} rows to a page of {size:.1f} MB in {time.perf_counter() - begun:.1f} s, {peak:.0f} MB at most"
        )
        _measure(browser, folder / "page.html")


def _inputs(folder: Path, count: int) -> list[str]:
    """Two files of the same cases; one model is right, the other says the first option."""
    subprocess.run([*CXR, "phantom", "-n", "1", "-o", str(folder), "--priors", "0", "--format", "png"], check=True)
    [film] = (folder / "images").iterdir()
    steps = folder / "steps.jsonl"
    mine = [*CXR, "mine", str(DATA / "openi" / "reports.csv"), *MAP, "--limit", str(count)]
    with steps.open("wb") as file, subprocess.Popen(mine, stdout=subprocess.PIPE) as mined:
        subprocess.run([*CXR, "verify", "--keep", "all", "--limit", str(count)], stdin=mined.stdout, stdout=file)
        mined.stdout.close()
    for model in ("right", "first"):
        with (folder / f"{model}.jsonl").open("wb") as file:
            for line in steps.open("rb"):
                row: dict[str, Any] = msgspec.json.decode(line)
                options = row.get("options") or [row["answer"]]
                answer = answered(row, row["answer"] if model == "right" else options[0])
                text = say([step["text"] for step in row["steps"]], answer)
                row |= {"images": [f"images/{film.name}"], "prediction": text, "answered_by": model}
                file.write(msgspec.json.encode(row) + b"\n")
    return [str(folder / f"{model}.jsonl") for model in ("right", "first")]


def _measure(browser: Any, page: Path) -> None:
    opened, painted, scripted, others = [], [], [], 0
    filtered: dict[tuple[str, str], list[float]] = {choice: [] for choice in CHOICES}
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        begun = time.perf_counter()
        viewer = Viewer(context, page)
        viewer.page.locator("h1").wait_for()
        opened.append(time.perf_counter() - begun)
        ready, paint = viewer.page.evaluate(OPENED)
        scripted.append(ready / 1000)
        painted.append(paint / 1000)
        for choice in CHOICES:
            filtered[choice].append(viewer.page.evaluate(FILTERED, list(choice)))
        others += sum(not url.startswith("file://") for url in viewer.requests)
        context.close()
    shown = ", ".join(f"{value:.2f}" for value in sorted(opened))
    print(f"open until the first question stands: {shown} s (bar 2); in the page {statistics.median(scripted):.2f} s")
    for (id, value), times in filtered.items():
        print(f"  {id} {value!r}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms (bar 100)")
    print(f"requests to anything but files: {others}")


if __name__ == "__main__":
    sys.exit(main())
