"""Several servers of one model, by `-m URL -m URL`: none waits for another, and one that dies costs no reply."""

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from cxr_cli.engines.openai import replicas
from tests.conftest import Tool, needs
from tests.engines.server import Fault, Json, Server, text_of

pytestmark = needs("llm")
ROWS = "".join(f'{{"id":"c{n}","question":"Is it {n}?","answer":"Yes","options":["Yes","No"]}}\n' for n in range(40))


@pytest.fixture
def cases(tmp_path: Path, drawn: Path) -> Path:
    film = next(drawn.rglob("*.png"))
    path = tmp_path / "cases.jsonl"
    path.write_text(
        "".join(
            json.dumps(json.loads(row) | {"images": [str(film.relative_to(drawn))]}) + "\n" for row in ROWS.splitlines()
        )
    )
    return path


def infer(tool: Tool, cases: Path, drawn: Path, servers: list[Server], *flags: object) -> list[Json]:
    models = [word for server in servers for word in ("-m", server.url)]
    done = tool("infer", cases, "--images", drawn, "--workers", 0, "--no-cache", *models, *flags)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def questions(server: Server) -> Counter[str]:
    return Counter(text_of(asked) for _, asked in server.answered)


def test_all_servers_are_busy(tool: Tool, cases: Path, drawn: Path) -> None:
    servers = [Server(lambda asked: "Yes", delay=0.05) for _ in range(3)]
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
        rows = infer(tool, cases, drawn, servers, "--concurrency", 2)
    assert {row["id"] for row in rows} == {f"c{n}" for n in range(40)}
    assert [server.most for server in servers] == [2, 2, 2]
    assert min(len(server.answered) for server in servers) >= 10


def test_a_server_that_dies(tool: Tool, cases: Path, drawn: Path) -> None:
    """Its requests go to the other: none is lost, and none that was answered is asked again."""

    def dying(asked: Json) -> str:
        if len(one.requests) > 6:
            raise Fault(0)
        return "Yes"

    with Server(dying) as one, Server(lambda asked: "Yes") as other:
        rows = infer(tool, cases, drawn, [one, other], "--concurrency", 2)
    assert all(row["predictions"][0]["text"] == "Yes" for row in rows)
    answered = questions(one) + questions(other)
    assert len(answered) == 40
    assert set(answered.values()) == {1}


@pytest.mark.parametrize("status", [500, 429, 404, 402, 401, 200])
def test_a_server_with_errors_of_its_own(tool: Tool, cases: Path, drawn: Path, status: int) -> None:
    """It fails, is too busy, has started again with another model or key, has no credit, or is a proxy's page."""

    def failing(asked: Json) -> str:
        raise Fault(status, "<html>Log in</html>", Retry_After="0")

    with Server(failing) as one, Server(lambda asked: "Yes") as other:
        rows = infer(tool, cases, drawn, [one, other], "--concurrency", 2)
    assert all(row["predictions"][0]["text"] == "Yes" for row in rows)
    assert set(questions(other).values()) == {1}


def test_a_server_that_hangs(tool: Tool, cases: Path, drawn: Path) -> None:
    """A request that it does not answer in time goes to the other; after three in a row it is left out."""
    with Server(lambda asked: "Yes", delay=60) as one, Server(lambda asked: "Yes") as other:
        models = ("-m", one.url, "-m", other.url, "--concurrency", 4, "--timeout", 1.5)
        done = tool("infer", cases, "--images", drawn, "--workers", 0, "--no-cache", *models)
        assert (done.code, {row["predictions"][0]["text"] for row in map(json.loads, done.out.splitlines())}) == (
            0,
            {"Yes"},
        )
        assert done.err.splitlines()[1] == f"cxr: {one.url} does not reply in time: its requests go to the others"
        assert 3 <= len(one.requests) <= 3 + 3  # what waited takes the place of those that took too long
        assert set(questions(other).values()) == {1}
        assert len(questions(other)) == 40


def test_servers_that_all_hang(tool: Tool, cases: Path, drawn: Path) -> None:
    """A request takes no longer than it would with one."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(lambda asked: "Yes", delay=60)) for _ in range(3)]
        models = [word for server in servers for word in ("-m", server.url)]
        flags = ("--images", drawn, "--workers", 0, "--no-cache", "--timeout", 0.3, "--limit", 1)
        done = tool("infer", cases, *models, *flags)
        assert done.code == 3
        assert "no reply within 0.3 s, asked twice: --timeout waits longer" in done.out
        assert sum(len(server.requests) for server in servers) == 2


def test_a_server_that_comes_back(tool: Tool, cases: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets a request after a while, and then its share."""
    monkeypatch.setattr(replicas, "REST", 0.1)

    def starting_again(asked: Json) -> str:
        if 3 < len(one.requests) < 7:
            raise Fault(404)
        return "Yes"

    with Server(starting_again, delay=0.02) as one, Server(lambda asked: "Yes", delay=0.02) as other:
        rows = infer(tool, cases, drawn, [one, other], "--concurrency", 1)
    assert all(row["predictions"][0]["text"] == "Yes" for row in rows)
    assert len(one.answered) >= 8
    answered = questions(one) + questions(other)
    assert (len(answered), set(answered.values())) == (40, {1})


def test_what_several_models_are_not(tool: Tool, cases: Path, drawn: Path) -> None:
    with Server(lambda asked: "Yes") as one, Server(lambda asked: "Yes", models=("large",)) as other:
        for second, words in (
            (other.url, f"{other.url} serves another model than {one.url}: name servers of one model"),
            (f"{one.url}/", f"-m {one.url} is named twice"),
            ("org/model", "several -m are several servers of one model: each must be a URL"),
        ):
            done = tool("infer", cases, "--images", drawn, "-m", one.url, "-m", second)
            assert (done.code, done.err.splitlines()[-1]) == (1, f"cxr: {words}")
    assert one.requests == []
