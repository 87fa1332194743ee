"""Who judges, and with which prompts: the flags of the stages that rules or a model can do."""

from collections.abc import Sequence
from importlib import import_module
from itertools import permutations

import click

from cxr_cli.engines import Spec
from cxr_cli.options.bundle import Decorator
from cxr_cli.registry import Registry


def judge(judges: Registry, help: str = "Rules, offline; or a model") -> Decorator:
    """`--judge`: it reaches the command as `judges`, one or two names of the table."""
    names = list(judges)
    return click.option(
        "--judge",
        "judges",
        type=click.Choice([*names, *map(",".join, permutations(names, 2))]),
        metavar=f"{'|'.join(names)}[,..]",
        default="rules",
        show_default=True,
        callback=_parsed_judges,
        help=f"{help}; or two of them: the first decides, and their agreement is reported.",
    )


def _parsed_judges(context: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def check_judges(names: Sequence[str], table: Registry, engine: Spec | None) -> None:
    """UsageError unless a model is named when a judge of the table asks one, and only then."""
    asking = [name for name in names if table.load(name).asks_model]
    if asking and engine is None:
        raise click.UsageError(f"--judge {asking[0]} asks a model: name one with -m MODEL|URL.")
    if engine is not None and not asking:
        able = " or ".join(f"--judge {name}" for name in table if table.load(name).asks_model)
        raise click.UsageError(f"-m is for {able}.")


def show_prompt(module: str) -> Decorator:
    """`--show-prompt`: prints the PROMPTS of a module. Needs neither input nor model."""

    def show(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            for name, prompt in import_module(module).PROMPTS.items():
                click.echo(f"===== {name}.txt\n{prompt.text}")
                for message in prompt.example_turn:
                    click.echo(f"----- example: {message['role']}\n{message['content']}")
            context.exit()

    return click.option(
        "--show-prompt",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Print the prompts that a model gets, and exit.",
    )
