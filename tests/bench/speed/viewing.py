"""The page of `cxr view` in a headless browser: 5,000 verified cases of Open-i, each answered by two models.

VIEWING_ROWS=20000 takes more. All show one drawn film, by reference.
"""

import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.answers.replies.reply_format import bare_answer, completion_text
from tests.bench.speed.speed import CXR, MAP
from tests.shared import DATA
from tests.viewer.browser import Viewer, open_browser

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
                answer = bare_answer(row, row["answer"] if model == "right" else options[0])
                text = completion_text([step["text"] for step in row["steps"]], answer)
                row |= {"images": [f"images/{film.name}"], "prediction": text, "answered_by": model}
                file.write(msgspec.json.encode(row) + b"\n")
    return [str(folder / f"{model}.jsonl") for model in ("right", "first")]


def _measure(browser: Any, page: Path) -> None:
    """Beside the time by the clock that of the page's process, which other work on the machine lengthens less."""
    opened: list[tuple[float, float]] = []
    filtered: dict[tuple[str, str], list[tuple[float, float]]] = {choice: [] for choice in CHOICES}
    others = 0
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        begun = time.perf_counter()
        viewer = Viewer(context, page.as_uri())
        viewer.page.locator("h1").wait_for()
        seconds = time.perf_counter() - begun
        session = context.new_cdp_session(viewer.page)
        session.send("Performance.enable")
        opened.append((seconds, _cpu_seconds(session)))
        for choice in CHOICES:
            before = _cpu_seconds(session)
            clock = viewer.page.evaluate(FILTERED, list(choice))
            filtered[choice].append((clock, 1000 * (_cpu_seconds(session) - before)))
        others += sum(not url.startswith("file://") for url in viewer.requests)
        context.close()
    clocks, cpu = zip(*opened, strict=True)
    shown = ", ".join(f"{value:.2f}" for value in sorted(clocks))
    print(f"open until the first question stands: {shown} s (bar 2); CPU {statistics.median(cpu):.2f} s")
    for (id, value), times in filtered.items():
        clocks, cpu = zip(*times, strict=True)
        print(f"  {id} {value!r}: {statistics.median(clocks):.0f} ms, {max(clocks):.0f} at most (bar 100)", end="; ")
        print(f"CPU {statistics.median(cpu):.0f} ms")
    print(f"requests to anything but files: {others}")


def _cpu_seconds(session: Any) -> float:
    """CPU time that the page's process has used so far."""
    return float(
        next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "ProcessTime")
    )


if __name__ == "__main__":
    main()
