"""Fixtures. Most tests run the tool, or a small stage, in the process of the test and in a folder of its own."""

import gc
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

import click
import pytest

from cxr_cli import cli, errors, termination
from tests.rows import small_stages
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

STAGES = Path(small_stages.__file__)
Run = Cxr = Callable[..., subprocess.CompletedProcess[str]]
EXTRAS = {"llm": "aiohttp", "plot": "matplotlib", "train": "torch"}  # an extra, and a module that comes with it


def needs(extra: str) -> pytest.MarkDecorator:
    """`@needs("llm")`: the test is skipped where that extra is not installed."""
    return pytest.mark.skipif(find_spec(EXTRAS[extra]) is None, reason=f"needs the extra {extra}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: many tests wait for a disk, a server or a process that they have killed."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is busy with one of them while the others have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def as_process(tmp_path: Path, *program: object) -> Run:
    """Runs the program as a process of its own, in the test's folder."""

    def run_process(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [sys.executable, *map(str, (*program, *arguments))]
        env = {**os.environ, "CXR_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, timeout=600, env=env)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_process


@pytest.fixture
def cxr_process(tmp_path: Path) -> Cxr:
    """As `cxr`, as a process of its own: for what a process has alone, such as its streams, signals and imports."""
    return as_process(tmp_path, "-m", "cxr_cli")


@pytest.fixture
def run_process(tmp_path: Path) -> Run:
    """As `run`, as a process of its own."""
    return as_process(tmp_path, STAGES)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[click.Command], Run]]:
    """Runs a command in the test's folder, in this process: to start one takes half a second, with a model some
    seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CXR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    finders, threshold = [*sys.meta_path], gc.get_threshold()

    def of(command: click.Command) -> Run:
        def run_here(*arguments: object, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
            data = stdin.encode() if isinstance(stdin, str) else stdin
            words = ["cxr", *map(str, arguments)]
            streams = [
                io.TextIOWrapper(io.BytesIO(content), "utf-8", write_through=True) for content in (data, b"", b"")
            ]
            with monkeypatch.context() as patch:
                for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                    patch.setattr(sys, name, stream)
                patch.setattr(sys, "argv", words)
                with pytest.raises(SystemExit) as exit:
                    cli.main(command)
            out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])  # type: ignore[attr-defined]
            return subprocess.CompletedProcess(words, int(exit.value.code or 0), out, err)

        return run_here

    yield of
    sys.meta_path[:] = finders
    gc.set_threshold(*threshold)
    termination._received.clear()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for name, module in [*sys.modules.items()]:  # a reward of this test, where others have theirs of the same name
        if str(getattr(module, "__file__", None)).startswith(f"{tmp_path}/"):
            del sys.modules[name]


@pytest.fixture
def cxr(here: Callable[[click.Command], Run]) -> Cxr:
    """`cxr("mine", "a.jsonl")` runs the tool itself."""
    return here(cli.cxr)


@pytest.fixture
def run(here: Callable[[click.Command], Run]) -> Run:
    """`run("copy", "a.jsonl")` runs a stage of tests/rows/small_stages.py."""
    return here(small_stages.stages)


class Result(NamedTuple):
    code: int
    out: str
    err: str


Tool = Callable[..., Result]


@pytest.fixture
def tool(cxr: Cxr) -> Tool:
    """As `cxr`, with a short result."""

    def run_tool(*arguments: object, stdin: str | bytes = "") -> Result:
        done = cxr(*arguments, stdin=stdin)
        return Result(done.returncode, done.stdout, done.stderr)

    return run_tool


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
