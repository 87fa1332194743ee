"""A model that fails is no success: what it did not give is null with its reason, and `--resume` asks for it again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cases import Row, lines, rows
from tests.conftest import Cxr, needs
from tests.engines.scripted import Scripted
from tests.engines.server import Fault, Json, Server, text_of

pytestmark = needs("llm")
REPORT = "FINDINGS: Small left effusion. No edema."
STEPS = ["There is a left effusion.", "There is no edema.", "The answer is Yes."]
ONE = ("--task", "binary", "--findings", "pleural effusion")
Answer = Callable[[Json], str | Json]


def case(n: int, **more: Any) -> Row:
    question = f"Is there an effusion in film {n}?"
    return {"id": f"c{n}", "report": REPORT, "steps": STEPS, "question": question, "answer": "Yes", **more}


def predicted(n: int) -> Row:
    return case(n, options=["Yes", "No"], prediction="<think>A left effusion.</think><answer>Yes</answer>")


def study(n: int) -> Row:
    return {"id": f"s{n}", "report": f"FINDINGS: Small left effusion. No edema. Film {n}."}


def asking(n: int) -> Row:
    return {"id": f"c{n}", "question": f"Is there edema in film {n}?", "options": ["Yes", "No"], "images": ["film.png"]}


STAGES: dict[str, tuple[Callable[[int], Row], tuple[str, ...], str]] = {
    "mine": (study, ONE, "steps"),
    "verify": (case, ("--judge", "llm", "--keep", "all"), "support"),
    "score": (predicted, ("--judge", "llm"), "radrscore"),
    "infer": (asking, ("--workers", "0"), "predictions"),
}


def good(stage: str) -> Answer:
    return (lambda asked: "<think>Hazy.</think><answer>A</answer>") if stage == "infer" else Scripted()


@pytest.fixture(autouse=True)
def film(tmp_path: Path) -> None:
    Image.radial_gradient("L").save(tmp_path / "film.png")


def value(stage: str, row: Row) -> object:
    return row["scores"]["radrscore"] if stage == "score" else row[STAGES[stage][2]]


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_refuses_everything_stops_the_run(cxr: Cxr, tmp_path: Path, stage: str) -> None:
    make, flags, _ = STAGES[stage]
    given = lines(*map(make, range(150)))

    def refuse(asked: Json) -> str:
        raise Fault(402, '{"error": {"message": "Payment required"}}')

    with Server(refuse) as server:
        flags = (*flags, "-m", server.url, "-o", "out.jsonl", "--concurrency", "8")
        done = cxr(stage, *flags, stdin=given)
        asked = len(server.requests)
        server.answer = good(stage)
        again = cxr(stage, *flags, "--resume", stdin=given)
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("Payment required") == 1
    assert "cxr: stopped after 20 failures without a good reply between them: " in done.stderr
    assert "HTTP 402; the rows so far are written\n" in done.stderr
    assert 0 < asked < 60
    assert again.returncode == 0, again.stderr
    out = rows((tmp_path / "out.jsonl").read_text())
    assert len({row["id"] for row in out}) == len(out) == 150
    assert all(value(stage, row) is not None for row in out)


@pytest.mark.parametrize("cached", [(), ("--no-cache",)])
@pytest.mark.parametrize("stage", STAGES)
def test_what_failed_is_null_and_asked_for_again_alone(
    cxr: Cxr, tmp_path: Path, stage: str, cached: tuple[str, ...]
) -> None:
    make, flags, _ = STAGES[stage]
    given = lines(*map(make, range(8)))
    well = good(stage)

    def answer(asked: Json) -> str | Json:
        if "film 3" in text_of(asked).casefold():
            raise Fault(422, '{"error": {"message": "SECRET", "code": "SECRET"}}')
        return well(asked)

    with Server(answer) as server:
        flags = (*flags, "-m", server.url, "-o", "out.jsonl", *cached)
        done = cxr(stage, *flags, stdin=given)
        first = {row["id"]: row for row in rows((tmp_path / "out.jsonl").read_text())}
        server.answer, count = well, len(server.requests)
        again = cxr(stage, *flags, "--resume", stdin=given)
        repeated, count_again = server.requests[count:], len(server.requests)
        third = cxr(stage, *flags, "--resume", stdin=given)
    assert (done.returncode, again.returncode, third.returncode) == (3, 0, 0), done.stderr + again.stderr
    failed = [row for row in first.values() if value(stage, row) is None]
    assert len(failed) == 1
    assert any(reason.startswith("engine: ") and "HTTP 422" in reason for reason in failed[0]["why"].values())
    assert "SECRET" not in json.dumps(failed)
    assert "cxr: 1 rows failed; --retry-failed asks for them again. The first: engine: " in done.stderr
    if stage == "verify":
        assert [step["text"] for step in failed[0]["steps"]] == STEPS
    second = {row["id"]: row for row in rows((tmp_path / "out.jsonl").read_text())}
    assert all(value(stage, row) is not None for row in second.values())
    assert {id: row for id, row in second.items() if id != failed[0]["id"]} == {
        id: row for id, row in first.items() if id != failed[0]["id"]
    }
    assert 0 < len(repeated) <= {"mine": 3, "verify": 1, "score": 5, "infer": 1}[stage]
    assert len(server.requests) == count_again


@pytest.mark.parametrize("stage", ["mine", "verify"])
def test_resume_asks_nothing_again_and_retry_failed_the_failed_rows_alone(cxr: Cxr, tmp_path: Path, stage: str) -> None:
    """Rows 3 and 5 get replies that cannot be used; row 7 is new."""
    make, flags, _ = STAGES[stage]
    well, bad = good(stage), ("film 3", "film 5")
    what_varies = "Film {}" if stage == "mine" else "film {}"

    def answer(asked: Json) -> str | Json:
        return "no JSON" if any(film in text_of(asked).casefold() for film in bad) else well(asked)

    given = [make(n) | {"report": f"{REPORT} {what_varies.format(n)}."} for n in range(8)]
    with Server(answer) as server:
        flags = (*flags, "-m", server.url, "-o", "out.jsonl", "--no-cache")
        first = cxr(stage, *flags, stdin=lines(*given[:7]))
        before, count = rows((tmp_path / "out.jsonl").read_text()), len(server.requests)
        resumed = cxr(stage, *flags, "--resume", stdin=lines(*given[:7]))
        assert (first.returncode, resumed.returncode) == (3, 3), first.stderr + resumed.stderr
        assert "cxr: 2 rows failed; --retry-failed asks for them again. The first: engine: " in resumed.stderr
        assert len(server.requests) == count
        assert rows((tmp_path / "out.jsonl").read_text()) == before
        other = cxr(stage, *flags, "--retry-failed", "--temperature", "1", stdin=lines(*given))
        assert other.returncode == 1
        assert "temperature:0.0 in the file, temperature:1.0" in other.stderr
        assert rows((tmp_path / "out.jsonl").read_text()) == before
        server.answer, bad = answer, ("film 5",)
        retried = cxr(stage, *flags, "--retry-failed", stdin=lines(*given))
        asked_again, count = len(server.requests) - count, len(server.requests)
        last = cxr(stage, *flags, "--resume", stdin=lines(*given))
    assert (retried.returncode, last.returncode) == (3, 3), retried.stderr
    assert asked_again == {"mine": 3 + 3, "verify": 1 + 2}[stage]  # film 3 is good now, film 5 is asked twice
    assert len(server.requests) - count == {"mine": 3, "verify": 1}[stage]
    after = {row["id"]: row for row in rows((tmp_path / "out.jsonl").read_text())}
    assert len(after) == 8
    assert [value(stage, row) is None for row in after.values()].count(True) == 1
    assert all(after[row["id"]] == row for row in before if value(stage, row) is not None)


def test_what_is_to_be_retried_is_not_lost(cxr: Cxr, tmp_path: Path) -> None:
    """It is not in the input any more, or the server is gone."""
    make, flags, _ = STAGES["verify"]
    with Server(lambda asked: "no JSON") as server:
        flags = ("verify", *flags, "-m", server.url, "-o", "out.jsonl", "--retry-failed")
        missing = cxr(*flags, stdin=lines(make(0)))
        assert cxr(*flags, "--resume", stdin=lines(make(0), make(1))).returncode == 3
        before = rows((tmp_path / "out.jsonl").read_text())
        count = len(server.requests)
        done = cxr(*flags, stdin=lines(make(1)))
        assert len(server.requests) == count + 2
    assert missing.returncode == 1
    assert missing.stderr.endswith("cxr: --retry-failed: there is no out.jsonl, the file with the failed rows\n")
    assert done.returncode == 3
    after = rows((tmp_path / "out.jsonl").read_text())
    assert sorted(row["id"] for row in after) == sorted(row["id"] for row in before) == ["c0", "c1"]
    rules = cxr("verify", "-o", "out.jsonl", "--retry-failed", stdin=lines(make(1)))
    assert rules.stderr == "cxr: --retry-failed: no model is asked, so no row has failed\n"


def test_a_row_that_no_model_was_asked_about_is_finished(cxr: Cxr, tmp_path: Path) -> None:
    given = lines({"id": "s", "labels": {"pleural effusion": 1}})
    with Server(Scripted()) as server:
        flags = ("mine", *ONE, "-m", server.url, "-o", "out.jsonl")
        done = cxr(*flags, stdin=given)
        before = (tmp_path / "out.jsonl").read_bytes()
        again = cxr(*flags, "--resume", stdin=given)
    assert (done.returncode, again.returncode, server.requests) == (0, 0, [])
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert rows(before.decode())[0]["why"] == {"steps": "no report to write them from"}


@pytest.mark.parametrize("stage", ["verify", "infer"])
def test_unusable_replies_are_not_kept(cxr: Cxr, stage: str) -> None:
    make, flags, _ = STAGES[stage]
    bad: list[Json] = [
        {"message": {"content": None}},
        {"message": {"content": "half"}, "finish_reason": "content_filter"},
        {"message": {"content": None, "refusal": "No."}},
        {"message": {"content": "<think>and"}, "finish_reason": "length"},
    ]
    for reply in bad:
        with Server(lambda asked, reply=reply: reply) as server:
            cxr(stage, *flags, "-m", server.url, stdin=lines(make(0)))
            count = len(server.requests)
            server.answer = good(stage)
            done = cxr(stage, *flags, "-m", server.url, stdin=lines(make(0)))
        assert done.returncode == 0, done.stderr
        assert value(stage, rows(done.stdout)[0]) is not None
        assert len(server.requests) > count > 0
        cxr("cache", "clear")


def test_a_reply_that_cannot_be_parsed_is_not_kept(cxr: Cxr) -> None:
    with Server(Scripted(steps=["no JSON", "no JSON"])) as server:
        flags = ("verify", "--judge", "llm", "--keep", "all", "-m", server.url)
        assert cxr(*flags, stdin=lines(case(0))).returncode == 3
        done = cxr(*flags, stdin=lines(case(0)))
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 3


def test_rows_that_a_model_did_not_answer_go_on_through_the_stages(cxr: Cxr, tmp_path: Path) -> None:
    def answer(asked: Json) -> str:
        if "film 1" in text_of(asked):
            raise Fault(400)
        return "<think>There is no edema.</think><answer>B</answer>"

    given = lines(*({**asking(n), "report": "FINDINGS: No edema.", "answer": "No"} for n in range(3)))
    with Server(answer) as server:
        flags = ("--workers", "0", "--samples", "2", "--temperature", "1", "--vote")
        done = cxr("infer", *flags, "-m", server.url, stdin=given)
    assert done.returncode == 3
    failed = next(row for row in rows(done.stdout) if row["id"] == "c1")
    assert failed["predictions"] is None
    assert failed["why"] == {"predictions": "engine: the server refuses the request: HTTP 400"}
    checked = cxr("verify", "--on", "predictions", "--min-support", "0", stdin=done.stdout)
    assert (checked.returncode, len(rows(checked.stdout))) == (0, 3), checked.stderr
    scored = cxr("score", stdin=checked.stdout)
    assert scored.returncode == 0, scored.stderr
    by_id = {row["id"]: row for row in rows(scored.stdout)}
    assert set(by_id["c1"]["scores"].values()) == {None}
    assert {by_id["c1"]["why"][name] for name in by_id["c1"]["scores"]} == {"no predictions"}
    assert by_id["c0"]["scores"]["accuracy"] == 1.0
    assert cxr("view", "-o", "page.html", stdin=scored.stdout).returncode == 0
    again = cxr("score", "--summary", stdin=done.stdout)
    assert again.returncode == 0, again.stderr


def test_retrying_completes_no_shard(cxr: Cxr, tmp_path: Path) -> None:
    """The rows that a shard lacks are not missed in silence when it makes its failed rows again."""
    make, flags, _ = STAGES["verify"]
    given = lines(*map(make, range(4)))
    with Server(lambda asked: "no JSON") as server:
        flags = ("verify", *flags, "-m", server.url, "-o", "part.jsonl", "--shard", "1/1")
        assert cxr(*flags, "--limit", "2", stdin=given).returncode == 3
        assert cxr(*flags, "--retry-failed", stdin=given).returncode == 3
        assert "part.jsonl: no part.jsonl.shard beside it" in cxr("merge", "part.jsonl").stderr
        assert cxr(*flags, "--resume", stdin=given).returncode == 3
        merged = cxr("merge", "part.jsonl", "-o", "merged.jsonl")
        assert merged.stderr == (
            "cxr: rows on which a model failed: 4; their shards ask for them again with --retry-failed\n"
            "cxr: 4 rows of 1 shards -> merged.jsonl\n"
        )
        server.answer = good("verify")
        assert cxr(*flags, "--retry-failed", stdin=given).returncode == 0
        merged = cxr("merge", "part.jsonl", "-o", "merged.jsonl", "--overwrite")
        assert merged.stderr == "cxr: 4 rows of 1 shards -> merged.jsonl\n"
        (tmp_path / "part.jsonl").write_text(lines(*rows((tmp_path / "part.jsonl").read_text())[1:]))
        assert cxr(*flags, "--retry-failed", stdin=given).returncode == 0
    assert "part.jsonl: no part.jsonl.shard beside it" in cxr("merge", "part.jsonl").stderr
