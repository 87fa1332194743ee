"""The plots of a training's history."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import needs

HISTORY = [
    {"step": 1, "loss": 2.0, "reward": 0.1, "rewards/format/mean": 0.1, "eval_accuracy": 0.4, "entropy": 2.0},
    {"step": 2, "loss": 1.5, "reward": 0.3, "rewards/format/mean": 0.3, "eval_accuracy": 0.5, "eval_loss": 1.7},
]
DRAW = """
import json, sys
from pathlib import Path
import matplotlib
matplotlib.rcParams["backend"] = "svg"
from cxr_cli.training.logs.curves import draw_curves

before = dict(matplotlib.rcParams)
names = [path.name for path in draw_curves(Path(sys.argv[1]))]
print(json.dumps([names, dict(matplotlib.rcParams) == before, "matplotlib.pyplot" in sys.modules]))
"""


@needs("plot")
def test_curves_leave_matplotlib_as_it_is(tmp_path: Path) -> None:
    """They are PNG files of what was logged twice, whatever backend the program has chosen, and pyplot, with its
    windows, is not imported."""
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(log) + "\n" for log in HISTORY))
    done = subprocess.run([sys.executable, "-c", DRAW, tmp_path], capture_output=True, text=True)
    names = ["loss.png", "reward.png", "evaluation.png"]
    assert json.loads(done.stdout) == [names, True, False], done.stderr
    assert all((tmp_path / "curves" / name).read_bytes().startswith(b"\x89PNG") for name in names)
