"""`make bench`: measures the figures of tests/bench/RESULTS.md. `python -m tests.bench findings speed` takes some."""

import importlib
import sys

from tests.shared import DATA

BENCHES = ("findings", "verifying", "scoring", "speed", "decoding", "llm", "inference", "published", "viewing")
BENCHES += ("datasets", "duplicates", "labels", "wild")

if not DATA.is_dir():
    sys.exit("bench: needs the reports and labels in ../shared/data")
for name in sys.argv[1:] or BENCHES:
    print(f"== {name}", flush=True)
    importlib.import_module(f"tests.bench.{name}").main()
