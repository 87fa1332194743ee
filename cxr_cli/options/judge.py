"""Who judges, and in which words: the flags of the stages that rules or a model can do."""

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from itertools import permutations
from typing import Any

import click

from cxr_cli.registry import Registry
from cxr_cli.rows import Flow

Command = Callable[..., None]


def judge(table: Registry, help: str = "Rules, offline; or a model") -> Callable[[Command], Command]:
    """`--judge`: it reaches the command as `judges`, one or two names. Stands below `options.engine`.

    table: of the judges.
    """
    names = tuple(table)

    def decorate(command: Command) -> Command:
        def wrapper(flow: Flow, engine: Any, judge: str, **given: Any) -> None:
            judges = tuple(judge.split(","))
            if "llm" in judges and engine is None:
                raise click.UsageError("--judge llm asks a model: name one with -m MODEL|URL.")
            if "llm" not in judges and engine is not None:
                raise click.UsageError("-m is for --judge llm.")
            command(flow, engine=engine, judges=judges, **given)

        return click.option(
            "--judge",
            type=click.Choice([*names, *map(",".join, permutations(names, 2))]),
            metavar=f"{'|'.join(names)}[,..]",
            default="rules",
            show_default=True,
            help=f"{help}; or two of them: the first decides, and their agreement is told.",
        )(update_wrapper(wrapper, command))

    return decorate


def show_prompt(module: str) -> Callable[[Command], Command]:
    """`--show-prompt`: prints the PROMPTS of a module. Needs neither input nor model."""

    def show(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            for name, prompt in import_module(module).PROMPTS.items():
                click.echo(f"===== {name}.txt\n{prompt.text}")
            context.exit()

    return click.option(
        "--show-prompt",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Print what a model is asked, and exit.",
    )
