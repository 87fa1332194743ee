"""The tools of other people call our adapters. `make build/adapters/ready` installs them, without what they ask for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cxr_cli" / "adapters"
TOOLS = ROOT / "build" / "adapters"
needs_tools = pytest.mark.skipif(not (TOOLS / "ready").exists(), reason="needs `make build/adapters/ready`")


def test_an_adapter_is_short() -> None:
    """Blank lines do not count."""
    sizes = {path.name: len([*filter(None, path.read_text().splitlines())]) for path in FOLDER.glob("*.py")}
    assert {name: size for name, size in sizes.items() if size > 40} == {}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each tool got, by tool: see calls.py. One process has them all, since each brings seconds of imports."""
    folder = tmp_path_factory.mktemp("tools")
    path = os.pathsep.join(map(str, (ROOT, TOOLS)))
    env = {**os.environ, "PYTHONPATH": path, "HOME": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-W", "ignore", "-m", "tests.adapters.calls"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@needs_tools
def test_torchmetrics_adds_up_batches(results: dict[str, Any]) -> None:
    assert results["torchmetrics"] == {"finding_precision": 0.75, "finding_recall": 1.0}


@pytest.mark.slow
@needs_tools
def test_spacy_has_findings_as_spans(results: dict[str, Any]) -> None:
    assert results["spacy"] == [
        ["effusion", "pleural effusion", "present", "left"],
        ["edema", "edema", "absent", None],
        ["hydropneumothorax", "pleural effusion", "present", "right"],
        ["hydropneumothorax", "pneumothorax", "present", "right"],
    ]


@pytest.mark.slow
@needs_tools
def test_lm_eval_asks_with_films_and_leaves_nulls_out_of_means(results: dict[str, Any]) -> None:
    got = results["lm_eval"]
    assert got["asked"].startswith("<image>Is there edema? Options:\nA) Yes\nB) No\nLet's think")
    assert got["films"] == [[4, 3]]
    assert got["scores"] == {"accuracy": 0.5, "factuality": 0.5}


@pytest.mark.slow
@needs_tools
def test_inspect_scores_and_reads_our_scores(results: dict[str, Any]) -> None:
    """By its own scorer, and as its `precomputed_scores`."""
    assert results["inspect"] == [{"accuracy": 0.5, "factuality": 0.5}] * 2
