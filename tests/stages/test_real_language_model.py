"""Mining, verifying, scoring and inference by a real language model, behind a real server on loopback.

The model is small (SmolLM2, 135 million parameters) and does badly what it is asked for. That is the test: every reply
ends, and every row is either good or null with its reason.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN, serve

pytest.importorskip("aiohttp")
pytestmark = NEEDS_VLLM

STUDIES = 2  # a minute of processor time, most of it for starting; tests/bench/quality/llm_steps.py takes more
MINE = [
    "mine",
    "examples",
    "--task",
    "binary",
    "--findings",
    "pleural effusion",
    "--limit",
    STUDIES,
    "-o",
    "mined.jsonl",
]
CASE = {
    "id": "a",
    "task": "binary",
    "question": "Is there a pleural effusion?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "report": "Small left effusion. The heart is normal.",
    "steps": [{"text": "There is fluid on the left.", "kind": "observe", "evidence": []}],
    "prediction": "<think>There is a left effusion.</think><answer>Yes</answer>",
    "images": ["film.png"],
}
ONLY_LOOPBACK = """
import sys
def check(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1"):
        raise RuntimeError(f"a connection to {arguments[1]}")
sys.addaudithook(check)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    subprocess.run([PYTHON, RUN, "language", folder / "model"], check=True, cwd=HOME, env=ENVIRONMENT)
    (folder / "sitecustomize.py").write_text(ONLY_LOOPBACK)
    return folder


@pytest.fixture(scope="module")
def url(here: Path) -> Iterator[str]:
    with serve(here, "model", "--max-model-len", "2048", "--max-num-seqs", str(STUDIES)) as (url, _):
        yield url


def cxr(here: Path, *arguments: object, stdin: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, rows and stderr."""
    environment = ENVIRONMENT | {"PYTHONPATH": f"{here}:{HOME}", "CXR_CACHE": str(here / "cache")}
    command = [sys.executable, "-m", "cxr_cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=here, env=environment, input=stdin, capture_output=True, text=True, timeout=1200)
    assert "Traceback" not in done.stderr
    assert "a connection to" not in done.stderr
    assert "cut off" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def replies(stderr: str) -> int:
    """How many replies a run got, without those from the cache; 0 if it asked nothing."""
    last = next((line for line in reversed(stderr.splitlines()) if " tokens; " in line), "cxr: 0 replies")
    words = last.replace(",", "").split()
    return int(words[1]) - (int(words[3]) if "cache" in last else 0)


def test_mine_and_ask_nothing_twice(here: Path, url: str) -> None:
    code, _, err = cxr(here, *MINE, "-m", url)
    rows = [json.loads(line) for line in (here / "mined.jsonl").read_text().splitlines()]
    good = [row for row in rows if row["steps"] is not None]
    assert len({row["id"] for row in rows}) == len(rows) == STUDIES
    assert code == (0 if len(good) == len(rows) else 3), err
    assert all(row["why"]["steps"].startswith("engine: ") for row in rows if row["steps"] is None)
    for row in good:
        plan, *observations, conclusion = row["steps"]
        assert (plan["kind"], conclusion["kind"]) == ("plan", "conclude")
        assert all(step["kind"] == "observe" and step["evidence"] for step in observations)
        assert row["answer"] in conclusion["text"]
        texts = [step["text"] for step in observations]
        assert len({*texts}) == len(texts)
    assert 3 * len(good) <= replies(err) <= 6 * len(rows)
    again, _, err = cxr(here, *MINE, "-m", url, "--resume")
    assert (again, replies(err)) == (code, 0)


def test_verify_and_score(here: Path, url: str) -> None:
    code, [row], err = cxr(here, "verify", "--judge", "llm", "-m", url, "--keep", "all", stdin=json.dumps(CASE))
    assert code in (0, 3), err
    [step] = row["steps"]
    assert step["verdict"] or (row["support"] is None and row["why"]["support"].startswith("engine: "))
    assert step["evidence"] or step["verdict"] != "contradicted"
    code, [row], err = cxr(here, "score", "--judge", "llm", "-m", url, stdin=json.dumps(CASE))
    assert code in (0, 3), err
    assert {name for name, value in row["scores"].items() if value is None} <= row["why"].keys()


def test_infer_by_a_model_that_sees_no_films(here: Path, url: str) -> None:
    Image.linear_gradient("L").save(here / "film.png")
    code, [row], err = cxr(here, "infer", "-", "-m", url, "--images", ".", stdin=json.dumps(CASE))
    assert code == 3, err
    assert row["predictions"] is None
    assert row["why"]["predictions"].startswith("engine: the server refuses the request: HTTP 4")
    assert "the server says (HTTP 4" in err
