"""Mining, verifying, scoring and inference by a real language model, behind a real server on loopback.

The model is small (SmolLM2, 135 million parameters) and does badly what it is asked for. That is the test: every reply
ends, and every row is either good or null with its reason.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN, serve

pytest.importorskip("aiohttp")
pytestmark = NEEDS_VLLM

ONE_CASE = ("--task", "binary", "--findings", "pleural effusion")
MINE = ["mine", "examples", *ONE_CASE, "--limit", "1", "-o", "mined.jsonl"]  # tests/bench/quality/llm_steps.py: 40
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
    with serve(here, "model", "--max-model-len", "2048", "--max-num-seqs", "8") as (url, _):
        yield url


Done = tuple[int, list[dict[str, Any]], str]
"""Exit code, rows and stderr."""


def cxr(here: Path, *arguments: object) -> Done:
    environment = ENVIRONMENT | {"PYTHONPATH": f"{here}:{HOME}", "CXR_CACHE": str(here / "cache")}
    command = [sys.executable, "-m", "cxr_cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=1200)
    assert "Traceback" not in done.stderr
    assert "a connection to" not in done.stderr
    assert "cut off" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.fixture(scope="module")
def runs(here: Path, url: str) -> dict[str, Done]:
    """All stages at once: a server that answers many requests together takes less time for each."""
    (here / "case.jsonl").write_text(json.dumps(CASE))
    Image.linear_gradient("L").save(here / "film.png")
    commands = {
        "mine": MINE,
        "verify": ["verify", "case.jsonl", "--judge", "llm", "--keep", "all"],
        "score": ["score", "case.jsonl", "--judge", "llm"],
        "infer": ["infer", "case.jsonl", "--images", ".", "--workers", "0"],
    }
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda command: cxr(here, *command, "-m", url), commands.values())
        return dict(zip(commands, done, strict=True))


def replies(stderr: str) -> int:
    """How many replies a run got, without those from the cache; 0 if it asked nothing."""
    last = next((line for line in reversed(stderr.splitlines()) if " tokens; " in line), "cxr: 0 replies")
    words = last.replace(",", "").split()
    return int(words[1]) - (int(words[3]) if "cache" in last else 0)


def test_mine(here: Path, runs: dict[str, Done]) -> None:
    code, _, err = runs["mine"]
    [row] = [json.loads(line) for line in (here / "mined.jsonl").read_text().splitlines()]
    if row["steps"] is None:
        assert code == 3, err
        assert row["why"]["steps"].startswith("engine: ")
        assert 2 <= replies(err) <= 6
        return
    assert code == 0, err
    plan, *observations, conclusion = row["steps"]
    assert (plan["kind"], conclusion["kind"]) == ("plan", "conclude")
    assert all(step["kind"] == "observe" and step["evidence"] for step in observations)
    assert row["answer"] in conclusion["text"]
    assert len({step["text"] for step in row["steps"]}) == len(row["steps"])
    assert 3 <= replies(err) <= 6


def test_nothing_is_asked_twice(here: Path, url: str, runs: dict[str, Done]) -> None:
    code, _, err = cxr(here, *MINE, "-m", url, "--resume")
    assert (code, replies(err)) == (runs["mine"][0], 0)


def test_verify_and_score(runs: dict[str, Done]) -> None:
    code, [row], err = runs["verify"]
    assert code in (0, 3), err
    [step] = row["steps"]
    assert step["verdict"] or (row["support"] is None and row["why"]["support"].startswith("engine: "))
    assert step["evidence"] or step["verdict"] != "contradicted"
    code, [row], err = runs["score"]
    assert code in (0, 3), err
    assert {name for name, value in row["scores"].items() if value is None} <= row["why"].keys()


def test_infer_by_a_model_that_sees_no_films(runs: dict[str, Done]) -> None:
    code, [row], err = runs["infer"]
    assert code == 3, err
    assert row["predictions"] is None
    assert row["why"]["predictions"].startswith("engine: the server refuses the request: HTTP 4")
    assert "the server says (HTTP 4" in err
