"""`cxr infer`: against a real server on loopback, and in this process with a tiny model."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.answers.vote import majority
from recipes import tiny_model
from tests.cases import Row, lines, rows
from tests.conftest import Cxr, needs
from tests.engines.server import Fault, Server, text_of


@pytest.fixture
def infer(cxr: Cxr) -> Cxr:
    """`cxr infer`, decoding in its own process, which starts faster."""
    return lambda *flags, **stdin: cxr("infer", "--workers", 0, *flags, **stdin)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn films as DICOM and PNG, in a folder."""
    from cxr_cli.phantoms import Recipe
    from cxr_cli.phantoms.files import write_studies

    folder = tmp_path_factory.mktemp("films")
    write_studies(Recipe(priors=1.0), 6, folder, 64, "both")
    return folder


def case(n: int, **more: Any) -> Row:
    question = f"Is there edema in film {n}?"
    return {"id": f"c{n}", "question": question, "options": ["Yes", "No"], "images": [film(n)], "extra": n, **more}


def film(n: int) -> str:
    return f"images/phantom-0-{n % 6:05}.dcm"


def yes(asked: dict[str, Any]) -> str:
    return "<think> The hila are hazy. </think><answer> A </answer>"


@needs("llm")
def test_cases_grow_by_what_the_model_says(infer: Cxr, films: Path) -> None:
    with Server(yes) as server:
        done = infer("-m", server.url, "--images", films, stdin=lines(case(0), case(1)))
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 2)
    prompt = sum(len(text_of(asked)) // 4 for asked in server.requests)
    assert done.stderr.startswith(f"cxr: engine: openai\ncxr: 2 replies; {prompt} prompt and 14 completion tokens; ")
    answered = {row["id"]: row for row in rows(done.stdout)}
    assert list(answered["c1"]) == ["id", "question", "options", "images", "extra", "predictions", "answered_by"]
    assert answered["c1"]["predictions"] == [
        {
            "sample": 0,
            "text": yes({}),
            "think": "The hila are hazy.",
            "answer": "Yes",
            "finish": "stop",
            "seed": None,
        }
    ]
    assert re.fullmatch(
        r"engine:openai\|model:tiny\|temperature:0.0\|top_p:1.0\|max_tokens:1024\|prompt:\w{8}\|instruction:published"
        r"\|size:448x448\|version:.+",
        answered["c1"]["answered_by"],
    )
    first = min(map(text_of, server.requests))
    assert first.startswith("Is there edema in film 0? Options:\nA) Yes\nB) No\n" + INSTRUCTION)
    assert [part["type"] for part in server.requests[0]["messages"][0]["content"]] == ["image_url", "text"]


@needs("llm")
def test_a_temporal_question_shows_the_prior_first(infer: Cxr, films: Path) -> None:
    prior = {"images": ["images/phantom-0-00003.png"]}
    cases = [case(0, task="temporal", prior=prior), case(1, task="binary", prior=prior), case(2, images=[film(2)] * 3)]
    with Server(yes) as server:
        done = infer("-m", server.url, "--images", films, "--size", 56, stdin=lines(*cases))
        alone = infer("-m", server.url, "--images", films, "--size", 56, stdin=lines(case(3, **prior)))
    assert (done.returncode, alone.returncode) == (0, 0)
    shown = {
        text_of(asked).split("?")[0]: [p["image_url"]["url"] for p in asked["messages"][0]["content"][:-1]]
        for asked in server.requests
    }
    assert [len(shown[f"Is there edema in film {n}"]) for n in range(4)] == [2, 1, 3, 1]
    assert shown["Is there edema in film 0"][0] == shown["Is there edema in film 3"][0]


@needs("llm")
def test_samples_have_seeds_of_their_own_and_vote(infer: Cxr, films: Path) -> None:
    def answer(asked: dict[str, Any]) -> str:
        return f"<think> So. </think><answer> {'AB'[asked['seed'] % 2]} </answer>"

    how = ("--samples", 5, "--temperature", 1, "--vote", "--images", films)
    with Server(answer) as server:
        done = infer("-m", server.url, *how, stdin=lines(case(0), case(1)))
        again = infer("-m", server.url, *how, "--no-cache", stdin=lines(case(1), case(0)))
        other = infer("-m", server.url, *how, "--seed", 1, stdin=lines(case(0)))
    assert len(server.requests) == 25
    by_id = {row["id"]: row for row in rows(done.stdout)}
    assert by_id == {row["id"]: row for row in rows(again.stdout)}
    seeds = {p["seed"] for row in (*by_id.values(), *rows(other.stdout)) for p in row["predictions"]}
    assert len(seeds) == 15
    for row in by_id.values():
        assert [p["sample"] for p in row["predictions"]] == [0, 1, 2, 3, 4]
        most, count = Counter(p["answer"] for p in row["predictions"]).most_common(1)[0]
        assert row["vote"] == {"answer": most, "share": count / 5}


def test_the_majority() -> None:
    assert majority(["Yes", "No", "No", None]) == {"answer": "No", "share": 0.5}
    assert majority(["Yes", "No"]) == {"answer": "Yes", "share": 0.5}
    assert majority([["Edema", "Nodule"], ["Nodule", "Edema"], ["Edema"]])["share"] == 2 / 3
    assert majority([None, None]) == {"answer": None, "share": 0.0}


@needs("llm")
def test_a_prompt_of_ones_own(infer: Cxr, films: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text('Reply as {"answer": ..}.\n---\nQ: {question}\n{options}\n')
    with Server(yes) as server:
        done = infer("-m", server.url, "--images", films, "--prompt", "mine.txt", stdin=lines(case(0)))
    assert done.returncode == 0
    system, user = server.requests[0]["messages"]
    assert system == {"role": "system", "content": 'Reply as {"answer": ..}.'}
    assert user["content"][-1]["text"] == "Q: Is there edema in film 0?\nA) Yes\nB) No"
    (tmp_path / "bad.txt").write_text("{questoin}")
    done = infer("-m", "x", "--prompt", "bad.txt", stdin="")
    assert (done.returncode, done.stderr) == (
        1,
        "cxr: bad.txt: {questoin} is no placeholder; there are {ask}, {instruction}, {options}, {question}\n",
    )
    (tmp_path / "bare.txt").write_text("{instruction}")
    done = infer("-m", "x", "--prompt", "bare.txt", stdin="")
    assert (done.returncode, "no placeholder for the question" in done.stderr) == (1, True)


def signed(row: Row) -> str:
    """The part of a signature that tells the instruction."""
    match = re.search(r"\|instruction:([^|]+)\|", row["answered_by"])
    return match[1] if match else ""


@needs("llm")
def test_the_instruction_is_the_published_one_or_another(infer: Cxr, films: Path, tmp_path: Path) -> None:
    assert INSTRUCTION == (
        "Let's think step by step. "
        "Enclose the reasoning within <think></think> and the answer within <answer></answer>."
    )
    (tmp_path / "own.txt").write_text("{instruction}\n{ask}")
    (tmp_path / "without.txt").write_text("{ask}")
    own = ("--instruction", "Be {brief} | short.")
    with Server(yes) as server:
        runs = [
            infer("-m", server.url, "--images", films, *flags, stdin=lines(case(0)))
            for flags in ((), own, (*own, "--prompt", "own.txt"), ("--prompt", "without.txt"))
        ]
    texts = list(map(text_of, server.requests))
    question = "Is there edema in film 0? Options:\nA) Yes\nB) No"
    assert texts == [
        f"{question}\n{INSTRUCTION}",
        f"{question}\nBe {{brief}} | short.",
        f"Be {{brief}} | short.\n{question}",
        question,
    ]
    published, other, same, none = (signed(rows(done.stdout)[0]) for done in runs)
    assert (published, none) == ("published", "")
    assert other == same
    assert re.fullmatch(r"[0-9a-f]{8}", other)
    done = infer("-m", "x", *own, "--prompt", "without.txt", stdin="")
    assert (done.returncode, done.stderr) == (
        1,
        "cxr: without.txt: has no {instruction}, so --instruction would not be used\n",
    )
    assert infer("-m", "x", "--instruction", " ", stdin="").returncode == 2


@needs("llm")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "x", "question": "Is it?"}, "field `images`: missing or empty"),
        ({"id": "x", "images": ["a.png"]}, "field `question`: missing or empty"),
        ({"id": "x", "question": "Is it?", "images": ["gone.dcm"]}, "image gone.dcm does not exist"),
        ({"id": "x", "question": "Is it?", "images": ["half.png"]}, "image half.png is truncated or damaged"),
        ({"id": "x", "question": "Is it?", "images": ["notes.txt"]}, "image notes.txt is not a DICOM, PNG or JPEG"),
        ({"id": "x", "question": "Is it?", "images": 7}, "field `images`: expected a list, got a whole number"),
    ],
)
def test_a_row_that_cannot_be_asked(infer: Cxr, films: Path, tmp_path: Path, row: Row, reason: str) -> None:
    whole = (films / "images/phantom-0-00000.png").read_bytes()
    (tmp_path / "whole.png").write_bytes(whole)
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("no picture")

    given = lines(case(0, images=["whole.png"]), row, case(1, images=["whole.png"]))
    with Server(yes) as server:
        stopped = infer("-m", server.url, stdin=given)
        skipped = infer("-m", server.url, "--on-error", "skip", "--rejects", "bad.jsonl", stdin=given)
    assert stopped.returncode == 1
    assert "c0" in {r["id"] for r in rows(stopped.stdout)}
    assert f"cxr: stdin:2: {reason}" in stopped.stderr
    assert stopped.stderr.rstrip().endswith("(id x)")
    assert skipped.returncode == 3
    assert sorted(r["id"] for r in rows(skipped.stdout)) == ["c0", "c1"]
    [rejected] = rows((tmp_path / "bad.jsonl").read_text())
    assert (rejected["id"], rejected["where"]) == ("x", "stdin:2")
    assert reason in rejected["reason"]


@needs("llm")
def test_shards_share_the_work(infer: Cxr, films: Path) -> None:
    given = lines(*map(case, range(10)))
    with Server(yes) as server:
        parts = [
            rows(infer("-m", server.url, "--images", films, "--shard", f"{k}/3", stdin=given).stdout) for k in (1, 2, 3)
        ]
    assert [sorted(r["extra"] for r in part) for part in parts] == [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]


def test_a_dry_run_asks_nothing(infer: Cxr, films: Path, tmp_path: Path) -> None:
    flags = ("--images", films, "--samples", 2, "--temperature", 1, "--max-tokens", 100, "-o", "out.jsonl")
    with Server(yes) as server:
        price = ("--price-per-million", "1000,5000")
        done = infer("-m", server.url, *flags, "--dry-run", *price, stdin=lines(case(0)))
    assert (done.returncode, server.requests) == (0, [])
    assert not (tmp_path / "out.jsonl").exists()
    assert done.stdout.splitlines()[:4] == [
        "requests           2",
        "prompt tokens      about 590",
        "completion tokens  about 200, at most 200",
        "price              about 1.59, at most 1.59",
    ]


@needs("llm")
def test_killed_at_any_moment_and_resumed(films: Path, tmp_path: Path) -> None:
    """No case is lost, none doubled, and a kill costs no more than the four replies that were in hand."""
    given = tmp_path / "cases.jsonl"
    given.write_text(lines(*map(case, range(120))))
    command = [sys.executable, "-m", "cxr_cli", "infer", str(given), "--images", str(films), "--size", "56"]
    command += ["-o", "out.jsonl", "--resume", "--concurrency", "4", "--samples", "2", "--temperature", "1"]
    env = {**os.environ, "CXR_CACHE": str(tmp_path / "cache")}
    draw = random.Random(1)
    late: set[str] = set()
    with Server(yes, delay=0.03) as server:
        command += ["-m", server.url]
        for _ in range(4):
            before = len(server.answered)
            run = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
            while len(server.answered) == before and run.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.4))
            run.kill()
            run.wait()
            time.sleep(0.3)  # the server reads what was sent to it before the kill
            late |= set(map(_name, server.requests[-8:]))
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert (done.returncode, server.most <= 4) == (0, True)
    ids = Counter(row["id"] for row in rows((tmp_path / "out.jsonl").read_text()))
    assert ids == {f"c{n}": 1 for n in range(120)}
    asked = Counter(_name(asked) for _, asked in server.answered)
    assert len(asked) == 240
    assert {name for name, count in asked.items() if count > 1} <= late
    assert asked.total() - 240 <= 4 * 4


def _name(asked: dict[str, Any]) -> str:
    return f"{text_of(asked)}{asked['seed']}"


@needs("llm")
def test_a_server_that_dies_loses_nothing(films: Path, tmp_path: Path, infer: Cxr) -> None:
    (tmp_path / "cases.jsonl").write_text(lines(*map(case, range(30))))
    count = 0

    def answer(asked: dict[str, Any]) -> str:
        nonlocal count
        count += 1
        if count > 12:
            raise Fault(401)
        return yes(asked)

    flags = ("cases.jsonl", "--images", films, "-o", "out.jsonl", "--resume", "--concurrency", 4, "--size", 56)
    with Server(answer) as server:
        done = infer("-m", server.url, *flags)
        assert (done.returncode, "HTTP 401" in done.stderr) == (3, True)
        out = rows((tmp_path / "out.jsonl").read_text())
        assert sum(row["predictions"] is not None for row in out) == 12
        count = -100
        assert infer("-m", server.url, *flags).returncode == 0
    assert sorted(r["extra"] for r in rows((tmp_path / "out.jsonl").read_text())) == list(range(30))
    assert len(server.answered) == 30


@needs("train")
def test_in_this_process_with_a_tiny_model(infer: Cxr, cxr_process: Cxr, films: Path, tmp_path: Path) -> None:
    tiny_model.build(tmp_path / "model")
    flags = ("-m", "model", "--images", films, "--size", 56, "--max-tokens", 6, "--samples", 2, "--temperature", 1)
    given = lines(*map(case, range(5)))
    first = cxr_process("infer", *flags, "--workers", 0, "--engine", "transformers", stdin=given)
    assert first.returncode == 0
    assert re.fullmatch(r"cxr: 10 replies; [\d,]+ prompt and \d+ completion tokens; [\d.]+ replies/s\n", first.stderr)
    again = infer(*flags, "--engine", "transformers", "--no-cache", stdin=given)
    assert first.stdout == again.stdout
    [row, *_] = rows(first.stdout)
    assert row["answered_by"].startswith("engine:transformers|model:model|revision:")
    assert len({p["text"] for r in rows(first.stdout) for p in r["predictions"]}) > 5


@needs("llm")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_the_whole_group_is_one_line(tmp_path: Path, films: Path, number: signal.Signals) -> None:
    """As a terminal gives Ctrl-C, and its end: workers and the process that tracks their semaphores get it too."""
    (tmp_path / "in.jsonl").write_text(lines(*(case(n) for n in range(60))))
    with Server(yes, delay=0.2) as server:
        flags = ["-m", server.url, "--images", str(films), "--concurrency", "2", "-o", "out.jsonl", "--no-cache"]
        command = [sys.executable, "-m", "cxr_cli", "infer", "in.jsonl", *flags]
        with subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            out = tmp_path / "out.jsonl"
            while not (out.exists() and out.stat().st_size):
                time.sleep(0.05)
            os.killpg(process.pid, number)
            assert process.stderr
            errors = process.stderr.read().splitlines()
    assert process.returncode in (128 + number, -number)
    last = "interrupted" if number == signal.SIGINT else f"stopped by {number.name}"
    assert [line for line in errors if not line.startswith("cxr: ")] == []
    assert errors[-1] == f"cxr: {last}"
