"""The `cxr` command itself: help, versions, errors, what it loads."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cxr_cli.cli import COMMANDS, cxr
from cxr_cli.version import __version__

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = "import sys; from cxr_cli.cli import main; sys.argv[0] = 'cxr'; main()"
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=600)


def imported(*arguments: str) -> set[str]:
    """The top-level modules that a command imports."""
    script = "import sys; from cxr_cli.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script, *arguments], capture_output=True, text=True
    )
    return {name.partition(".")[0] for name in re.findall(r"import time:.*\|\s*(\S+)", done.stderr)}


def test_help_loads_nothing_heavy() -> None:
    heavy = {"polars", "numpy", "msgspec", "jsonlines", "tqdm", "sqlite3", "pydicom", "PIL", "torch"}
    assert imported("--help").isdisjoint(heavy)


def test_commands_on_texts_load_nothing_for_films_tables_and_models(tmp_path: Path) -> None:
    lines = [
        *("mine examples -o cases.jsonl", "verify cases.jsonl -o steps.jsonl", "label examples -o labels.jsonl"),
        f"score {ROOT}/examples/answers.jsonl -o scores.jsonl",
    ]
    script = (
        "import sys; from cxr_cli.cli import main\n"
        f"for line in {lines}:\n"
        "    sys.argv = ['cxr', *line.split()]\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code, line\n"
        "open('modules', 'w').write(' '.join(sys.modules))"  # what a program prints behind `-o` goes to stderr
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    modules = {*(tmp_path / "modules").read_text().split()}
    heavy = {"polars", "numpy", "PIL", "pydicom", "torch", "transformers", "matplotlib", "aiohttp", "asyncio"}
    heavy |= {"tqdm", "concurrent.futures", "multiprocessing", "importlib.resources", "traceback", "yaml", "attr"}
    heavy |= {"importlib.metadata", "jsonlines", "zoneinfo"}
    assert (done.returncode, heavy & modules, "cxr_cli.scoring.grounding" in modules) == (0, set(), True), done.stderr


def test_help_and_version() -> None:
    done = command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, help in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(help)}$", done.stdout, re.M)
    assert command("-h").stdout == done.stdout
    for flag in ("--version", "-V"):
        assert command(flag).stdout == f"cxr, version {__version__}\n"


def test_an_unknown_stage() -> None:
    done = command("mien")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'mien'" in done.stderr


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("scroe", 2, "Error: No such command 'scroe'. Did you mean 'score'?"),
        ("xyzzy", 2, "Error: No such command 'xyzzy'."),
        ("cache inof", 2, "Error: No such command 'inof'. Did you mean 'info'?"),
        ("--versoin", 2, "Error: No such option '--versoin'. Did you mean '--version'?"),
        ("mine --taks binary", 2, "Error: No such option '--taks'. (Did you mean one of: '--task', '--to'?)"),
        (
            "mine --task bianry",
            2,
            "Error: Invalid value for '--task': 'bianry' is not one of 'binary', 'single', 'multiple', 'anomaly', "
            "'temporal', 'report'. Did you mean 'binary'?",
        ),
        (
            "mine --task binary,single",
            2,
            "Error: Invalid value for '--task': 'binary,single' is not one of 'binary', 'single', 'multiple', "
            "'anomaly', 'temporal', 'report'. Give the option once for each value.",
        ),
        (
            "verify --keep nothing",
            2,
            "Error: Invalid value for '--keep': 'nothing' is not one of 'steps', 'cases', 'all'.",
        ),
        (
            "mine examples -o rows.jsnl",
            1,
            "cxr: rows.jsnl: unknown extension; did you mean .jsonl? "
            "there are: .jsonl, .csv, .tsv (and .gz or .zst of these), .parquet, .arrow, .xlsx",
        ),
        (
            "mine examples -o rows.txt",
            1,
            "cxr: rows.txt: unknown extension; "
            "there are: .jsonl, .csv, .tsv (and .gz or .zst of these), .parquet, .arrow, .xlsx",
        ),
    ],
)
def test_a_misspelt_word(line: str, code: int, error: str) -> None:
    done = command(*line.split())
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (code, "", error)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_choice_names_the_closest(name: str) -> None:
    context = cxr.make_context("cxr", [], resilient_parsing=True)
    stage = cxr.get_command(context, name)
    assert stage is not None
    for parameter in stage.params:
        if isinstance(parameter.type, click.Choice):
            first = str(parameter.type.choices[0])
            with pytest.raises(click.BadParameter, match=f"Did you mean '{first}'"):
                parameter.type.convert(f"{first}x", parameter, context)
