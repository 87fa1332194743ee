"""Fixtures: `run("copy", "a.jsonl")` runs a stage of tests/rows/small_stages.py as a process in the test's folder."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cxr_cli import cli, errors
from tests.viewer.browser import open_browser

for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of the make that runs the tests, not for the makes in tests
    os.environ.pop(name, None)
for number in (
    signal.SIGINT,
    signal.SIGHUP,
):  # a shell's background and nohup ignore them, and so would what tests start
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

errors.enable_notes()  # as a command does; tests call its parts without one

STAGES = Path(__file__).with_name("rows") / "small_stages.py"
Run = Callable[..., subprocess.CompletedProcess[str]]
EXTRAS = {"llm": "aiohttp", "plot": "matplotlib", "train": "torch"}  # an extra, and a module that comes with it


def needs(extra: str) -> pytest.MarkDecorator:
    """`@needs("llm")`: the test is skipped where that extra is not installed."""
    return pytest.mark.skipif(find_spec(EXTRAS[extra]) is None, reason=f"needs the extra {extra}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is busy with one of them while the others have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_stage(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, str(STAGES), *map(str, arguments)]
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, timeout=600)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_stage


Cxr = Run


@pytest.fixture
def cxr(tmp_path: Path) -> Cxr:
    """`cxr("mine", "a.jsonl")` runs the tool itself in the test's folder."""

    def run_cxr(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, "-m", "cxr_cli", *map(str, arguments)]
        env = {**os.environ, "CXR_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, timeout=600, env=env)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_cxr


class Result(NamedTuple):
    code: int
    out: str
    err: str


Tool = Callable[..., Result]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tool]:
    """As `cxr`, in this process: many runs take little time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CXR_CACHE", str(tmp_path / "cache"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    finders = [*sys.meta_path]

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        streams = [io.TextIOWrapper(io.BytesIO(data), "utf-8", write_through=True) for data in (stdin, b"", b"")]
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            monkeypatch.setattr(sys, name, stream)
        monkeypatch.setattr(sys, "argv", ["cxr", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])  # type: ignore[attr-defined]
        return Result(int(exit.value.code or 0), out, err)

    yield run
    sys.meta_path[:] = finders
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the tests of a file, each with its own context. Its event loop runs while it is open."""
    yield from open_browser()


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny models, by family; each is built when a test asks for it."""
    pytest.importorskip(EXTRAS["train"], reason="needs the extra train")
    from recipes import tiny_model

    class Built(dict[str, Path]):
        def __missing__(self, family: str) -> Path:
            if family == "smolvlm":
                pytest.importorskip("num2words", reason="SmolVLM's processor needs it")
            self[family] = tiny_model.build(tmp_path_factory.mktemp("models") / family, family)
            return self[family]

    return Built()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the films of ten phantoms, and their mined cases in steps.jsonl."""
    from cxr_cli.mining.cases import Miner
    from cxr_cli.phantoms import Recipe
    from cxr_cli.phantoms.files import write_studies
    from tests.cases import LEXICON

    folder = tmp_path_factory.mktemp("drawn")
    write_studies(Recipe(priors=0.5), 10, folder, 64, "png")
    studies = [json.loads(line) for line in (folder / "studies.jsonl").read_text().splitlines()]
    mine = Miner(LEXICON)
    cases = [case for study in studies for case in mine(study)]
    (folder / "steps.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    return folder
