"""`--jobs N`: several processes write what one writes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rows.output.rejects import Rejects
from cxr_cli.worker_processes import ITEMS_A_CHUNK, core_count, results
from tests.cases import examples
from tests.conftest import STAGES, Run, Tool
from tests.rows.test_running import numbered

MANY = 6 * ITEMS_A_CHUNK


def squares(numbers: Iterator[int], jobs: int) -> Iterator[tuple[int, int]]:
    return results(lambda number: number * number, numbers, jobs)


@pytest.mark.parametrize("count", [0, 1, ITEMS_A_CHUNK, ITEMS_A_CHUNK + 1, 9 * ITEMS_A_CHUNK + 1])
def test_results_come_in_order(count: int) -> None:
    for jobs in (0, 1, 2):
        assert [*squares(iter(range(count)), jobs)] == [(n, n * n) for n in range(count)]


def test_an_error_comes_after_the_results_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield from range(MANY)
        raise CxrError("broken")

    for jobs in (1, 2):
        pairs = squares(numbers(), jobs)
        assert [next(pairs) for _ in range(MANY)] == [(n, n * n) for n in range(MANY)]
        with pytest.raises(CxrError, match="broken"):
            next(pairs)


def test_no_more_than_some_items_are_read_ahead() -> None:
    read: list[int] = []
    pairs = squares((read.append(n) or n for n in range(1000)), 2)
    for _ in range(ITEMS_A_CHUNK + 1):
        next(pairs)
    assert len(read) <= ITEMS_A_CHUNK * 6
    pairs.close()  # type: ignore[attr-defined]


def broken_rows() -> str:
    """Some that cannot be read, some that cannot be worked on, one whose id is doubled."""
    rows = numbered(MANY).splitlines()
    for place in (3, 40, 41, 100):
        rows[place] = '{"id": 7'
    for place in (2, 42, 99, 101, MANY - 1):
        rows[place] = f'{{"id":"{place}"}}'
    rows[150] = rows[10]
    return "\n".join(rows)


@pytest.mark.parametrize(
    "flags",
    [
        ["--on-error", "skip", "--rejects", "bad.jsonl"],
        ["--on-error", "skip", "--rejects", "bad.jsonl", "--limit", "90"],
        ["--on-error", "skip", "--rejects", "bad.jsonl", "--shard", "2/2", "-o", "out.jsonl", "--resume"],
        [],
    ],
    ids=["skip", "limit", "resume", "stop"],
)
def test_rows_and_rejects_are_those_of_one_process(run_process: Run, tmp_path: Path, flags: list[str]) -> None:
    runs = []
    for jobs in (1, 2):
        (tmp_path / "out.jsonl").write_text('{"id":"5","done":true}\n{"id":"77","done":true}\n')
        done = run_process("parallel", "--jobs", jobs, *flags, stdin=broken_rows())
        files = [path.read_text() for path in sorted(tmp_path.glob("*.jsonl"))]
        runs.append((done.returncode, done.stdout, done.stderr, files))
    assert runs[0] == runs[1]
    assert runs[0][0] == (3 if flags else 1)


def test_rows_rejected_before_an_error_are_kept(tmp_path: Path) -> None:
    """Also those that wait for work on rows before them."""
    rejects = Rejects(tmp_path / "bad.jsonl")

    def fail() -> None:
        next(rejects.under_way(iter([{"id": "1"}])))
        rejects.add("a.jsonl:2", "not a row", "{", "{")
        assert rejects.count == 0
        raise CxrError("the input breaks off")

    with pytest.raises(CxrError, match="breaks off"), rejects.open():
        fail()
    assert rejects.count == 1
    assert json.loads((tmp_path / "bad.jsonl").read_text())["where"] == "a.jsonl:2"


def test_a_worker_that_is_killed_is_named(run_process: Run) -> None:
    rows = [{"id": str(n), "report": "kill" if n == 3 * ITEMS_A_CHUNK else "a"} for n in range(MANY)]
    done = run_process("parallel", "--jobs", 2, stdin="".join(json.dumps(row) + "\n" for row in rows))
    assert (done.returncode, done.stderr) == (
        1,
        "cxr: a worker process was killed, perhaps for its memory: fewer --jobs need less\n",
    )
    assert len(done.stdout.splitlines()) % ITEMS_A_CHUNK == 0


def test_workers_that_cannot_be_started(tmp_path: Path) -> None:
    """Some of them were, for which Python would wait at its end."""
    (tmp_path / "in.jsonl").write_text(numbered(MANY))
    words = [sys.executable, str(STAGES), "parallel", "--jobs", "32", str(tmp_path / "in.jsonl")]
    command = ["bash", "-c", 'ulimit -n 32; exec "$@"', "bash", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    reason = "worker processes cannot be started: Too many open files; a lower --jobs starts fewer"
    assert (done.returncode, done.stderr) == (1, f"cxr: {reason}\n")
    assert len(done.stdout.splitlines()) == ITEMS_A_CHUNK


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_signal_ends_all_processes(tmp_path: Path, number: int, code: int) -> None:
    """Ctrl-C reaches all of them; SIGTERM and SIGKILL only the main one."""
    (tmp_path / "in.jsonl").write_text(numbered(10_000))
    command = [sys.executable, str(STAGES), "parallel", "--jobs", "2", "--wait", "0.002", str(tmp_path / "in.jsonl")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(3 * ITEMS_A_CHUNK):
            process.stdout.readline()
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        process.stdout.read()
        assert process.wait(30) == code
        assert process.stderr.read() == {130: "cxr: interrupted\n", 143: "cxr: stopped by SIGTERM\n"}.get(code, "")
    with suppress(ProcessLookupError):
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.1)
        pytest.fail("a worker outlives its command")


def test_the_commands_write_what_they_write_in_one_process(tool: Tool, tmp_path: Path) -> None:
    studies = [{**study, "id": f"{n}/{study['id']}"} for n in range(3) for study in examples()]
    (tmp_path / "studies.jsonl").write_text("".join(json.dumps(study) + "\n" for study in studies))

    def same(*arguments: str) -> str:
        one, two = tool(*arguments), tool(*arguments, "--jobs", 2)
        assert one == two
        assert one.code == 0
        return one.out

    cases = same("mine", "studies.jsonl", "--task", "binary", "--task", "anomaly")
    same("mine", "studies.jsonl", "--per-finding", "3", "--balance", "--dedupe")
    same("label", "studies.jsonl", "--mentions", "--explain")
    (tmp_path / "cases.jsonl").write_text(cases)
    same("verify", "cases.jsonl", "--explain")
    replies = [{**json.loads(case), "prediction": "There is no edema."} for case in cases.splitlines()]
    (tmp_path / "replies.jsonl").write_text("".join(json.dumps(reply) + "\n" for reply in replies))
    same("score", "replies.jsonl", "--summary")
    assert len(replies) > 2 * ITEMS_A_CHUNK


def test_there_are_never_thousands_of_processes(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is started, whether there is work for it or not."""
    done = tool("mine", "examples", "--jobs", 9_999_999)
    assert (done.code, "9999999 is not in the range 0<=x<=64" in done.err) == (2, True)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {*range(999)}, raising=False)
    assert core_count() == 64


def test_a_model_works_by_concurrency(tool: Tool) -> None:
    done = tool("verify", "a.jsonl", "--judge", "llm", "-m", "http://localhost:9/v1", "--jobs", 2)
    assert done.code == 2
    assert "--jobs is for work by rules; for requests to a model there is --concurrency." in done.err
