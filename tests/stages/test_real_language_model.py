"""Mining, judging and scoring by a real language model, behind a real server on loopback.

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

from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN, serve

pytest.importorskip("aiohttp")
pytestmark = NEEDS_VLLM

STUDIES = 5  # a minute or two; tests/bench/quality/llm_steps.py takes more
MINE = ["mine", "examples", "--task", "binary", "--findings", "pleural effusion", "--limit", STUDIES]
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
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def replies(stderr: str) -> int:
    """How many replies a run got, without those from the cache."""
    last = next(line for line in reversed(stderr.splitlines()) if " tokens; " in line)
    words = last.replace(",", "").split()
    return int(words[1]) - (int(words[3]) if "cache" in last else 0)


@pytest.fixture(scope="module")
def cases(here: Path) -> list[dict[str, Any]]:
    """One case of each study, with the steps of the rules."""
    code, rows, err = cxr(here, *MINE)
    assert code == 0, err
    assert len(rows) == STUDIES
    return rows


def test_mine(here: Path, url: str, cases: list[dict[str, Any]]) -> None:
    command = [*MINE, "-m", url, "-o", "mined.jsonl"]
    code, _, err = cxr(here, *command, "--concurrency", STUDIES)
    rows = [json.loads(line) for line in (here / "mined.jsonl").read_text().splitlines()]
    assert {row["id"] for row in rows} == {case["id"] for case in cases}
    good = [row for row in rows if row["steps"] is not None]
    assert code == (0 if len(good) == len(rows) else 3), err
    assert all(row["why"]["steps"].startswith("engine: ") for row in rows if row["steps"] is None)
    for row in good:
        plan, *observations, conclusion = row["steps"]
        assert (plan["kind"], conclusion["kind"]) == ("plan", "conclude")
        assert all(step["kind"] == "observe" and step["evidence"] for step in observations)
        assert row["answer"] in conclusion["text"]
        assert len({step["text"] for step in row["steps"]}) == len(row["steps"])
    asked = replies(err)
    assert asked <= 6 * len(rows)
    again, _, err = cxr(here, *command, "--concurrency", STUDIES, "--resume")
    assert again == code
    assert " tokens; " not in err  # nothing was asked
    if code:
        assert replies(cxr(here, *command, "--concurrency", STUDIES, "--retry-failed")[2]) <= 6 * (
            len(rows) - len(good)
        )


def test_verify(here: Path, url: str, cases: list[dict[str, Any]]) -> None:
    rows = "".join(json.dumps(case) + "\n" for case in cases)
    command = ["verify", "--judge", "llm", "-m", url, "--keep", "all", "--concurrency", STUDIES]
    code, judged, err = cxr(here, *command, stdin=rows)
    assert sorted(row["id"] for row in judged) == sorted(case["id"] for case in cases)
    assert code in (0, 3), err
    for row in judged:
        steps = row["steps"]
        verdicts = [step.get("verdict") for step in steps]
        assert None not in verdicts or (row["support"] is None and row["why"]["support"].startswith("engine: "))
        assert all(step["evidence"] for step in steps if step.get("verdict") == "contradicted")
    assert "cut off" not in err


def test_score(here: Path, url: str) -> None:
    answers = HOME / "examples" / "answers.jsonl"
    code, scored, err = cxr(here, "score", answers, "--limit", 3, "--judge", "llm", "-m", url)
    assert len(scored) == 3
    assert code in (0, 3), err
    for row in scored:
        nulls = {name for name, value in row["scores"].items() if value is None}
        assert nulls <= row["why"].keys()


def test_a_model_that_sees_no_films(here: Path, url: str) -> None:
    code, _, err = cxr(here, "phantom", "-n", 3, "-o", "films", "--size", 64)
    assert code == 0, err
    code, films, _ = cxr(here, "mine", "films/studies.jsonl", "--task", "binary")
    rows = "".join(json.dumps(case) + "\n" for case in films)
    code, answered, err = cxr(here, "infer", "-", "-m", url, "--images", "films", stdin=rows)
    assert code in (3, 4), err
    assert answered
    assert all(row["predictions"] is None and row["why"]["predictions"].startswith("engine: ") for row in answered)
    assert "the server says (HTTP 4" in err
