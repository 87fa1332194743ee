"""`make bench`: measures the figures of tests/bench/RESULTS.md. `python -m tests.bench findings speed` takes some."""

import importlib
import sys
from pathlib import Path

from tests.shared import DATA

BENCHES = ("findings", "verifying", "scoring", "speed", "decoding", "llm", "inference", "published", "viewing")
BENCHES += ("start", "linear", "passes", "jobs", "datasets", "duplicates", "labels", "wild")
FOLDERS = {path.stem: path.parent.name for path in Path(__file__).parent.glob("*/*.py")}
"""Of a bench: quality or speed."""

if not DATA.is_dir():
    sys.exit("bench: needs the reports and labels in ../shared/data")
for name in sys.argv[1:] or BENCHES:
    print(f"== {name}", flush=True)
    importlib.import_module(f"tests.bench.{FOLDERS[name]}.{name}").main()
