"""No option takes a number that is none: every command and each of its options that is a number."""

import importlib

import click
import pytest

from cxr_cli.cli import COMMANDS
from tests.conftest import Cxr, needs

FLOATS = [
    (command, parameter)
    for command in COMMANDS
    for parameter in getattr(importlib.import_module(f"cxr_cli.commands.{command}"), command).params
    if isinstance(parameter.type, click.types.FloatParamType)
]


def test_there_are_some() -> None:
    assert {command for command, _ in FLOATS} >= {"mine", "verify", "infer", "score", "phantom"}


@pytest.mark.parametrize(("command", "parameter"), FLOATS, ids=lambda one: getattr(one, "name", one))
@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e400"])
def test_numbers_are_finite(command: str, parameter: click.Parameter, text: str) -> None:
    context = click.Context(click.Command(command))
    with pytest.raises(click.BadParameter, match=r"not a finite number|not in the range"):
        parameter.type.convert(text, parameter, context)
    assert parameter.type.convert("0.5", parameter, context) == 0.5


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--min-support", "nan"),
        ("infer", "-m", "x", "--timeout", "inf"),
        ("infer", "-m", "x", "--dry-run", "--price-per-million", "1,nan"),
        ("infer", "-m", "x", "--dry-run", "--price-per-million", "inf"),
        ("infer", "-m", "x", "--engine-arg", "top_k=NaN"),
        ("infer", "-m", "x", "--engine-arg", 'extra={"a":[1e400]}'),
        ("phantom", "--prevalence", "nan", "-o", "out"),
        ("mine", "--make-split", "test=nan"),
        ("mine", "--make-split", "test=inf"),
        pytest.param(("sft", "--mix", "rows.jsonl:inf"), marks=needs("train")),
        pytest.param(("sft", "--mix", "rows.jsonl:nan"), marks=needs("train")),
        ("rl", "rows.jsonl", "--audit", "--reward", "format:nan"),
        ("rl", "rows.jsonl", "--audit", "--reward", "format:inf"),
    ],
    ids=" ".join,
)
def test_numbers_in_texts_are_finite(cxr: Cxr, arguments: tuple[str, ...]) -> None:
    done = cxr(*arguments)
    assert done.returncode in (1, 2)
    assert done.stderr.splitlines()[-1].startswith(("Error: Invalid value for '--", "cxr: --")), done.stderr
