"""How a model is trained: the flags of `cxr sft` and `cxr rl`."""

import sys
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from cxr_cli.options.completion import file_names
from cxr_cli.options.films import root
from cxr_cli.options.flow import mapping
from cxr_cli.rows import claim_stdout

Command = Callable[..., None]


class Several(click.Option):
    """An option that takes all words up to the next flag: `--reward format:1 accuracy:1`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "multiple": True})

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        for flag in self.opts:
            option = parser._long_opt[flag]
            take = option.process

            def process(value: str, state: Any, take: Callable[[str, Any], None] = take) -> None:
                take(value, state)
                while state.rargs and not state.rargs[0].startswith("-") and self.fits(state.rargs[0]):
                    take(state.rargs.pop(0), state)

            option.process = process

    @staticmethod
    def fits(word: str) -> bool:
        """A word that belongs to the option, and is no INPUT."""
        return ":" in word or not Path(word).exists()


_SETTINGS = ("report_to", "rollouts")  # flags that are settings


def training(command: Command) -> Command:
    """The flags reach the command as `inputs`, `job` (for a Job) and `how` (config, sets, gpus, nodes, dry_run)."""

    def wrapper(inputs: tuple[str, ...], **given: Any) -> None:
        if sys.stdout is not None:
            claim_stdout()
        if given["resume"] and given["overwrite"]:
            raise click.UsageError("--resume continues OUT and --overwrite replaces it: give one of them.")
        flags = {name: given.pop(name, None) for name in _SETTINGS}
        given["sets"] += tuple(f"{name}={value}" for name, value in flags.items() if value)
        how = {name: given.pop(name) for name in ("config", "sets", "gpus", "nodes", "dry_run")}
        job = {name: given.pop(name) for name in ("model", "out", "root", "mapping", "limit", "resume", "overwrite")}
        command(inputs=inputs, job=job, how=how, **given)

    wrapped = update_wrapper(wrapper, command)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return click.argument("inputs", nargs=-1, metavar="[INPUT]...", shell_complete=file_names)(wrapped)


_OPTIONS = (
    click.option(
        "-m",
        "--model",
        metavar="MODEL",
        shell_complete=file_names,
        help="What is trained: a folder or a Hugging Face name.",
    ),
    click.option("-o", "--out", type=click.Path(path_type=Path), metavar="OUT", help="The trained model's folder."),
    click.option("--config", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Settings, as YAML."),
    click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A setting, over the file's; repeatable."),
    root,
    mapping,
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read at most N rows of each file."),
    click.option(
        "--report-to",
        type=click.Choice(["tensorboard", "wandb", "none"]),
        help="Where logs go besides OUT/history.jsonl.  [default: none]",
    ),
    click.option("--resume", is_flag=True, help="Continue OUT from its last checkpoint, if there is one."),
    click.option("--overwrite", is_flag=True, help="Replace OUT if it exists."),
    click.option("--gpus", type=click.IntRange(1), default=1, show_default=True, help="Processes on each node."),
    click.option("--nodes", type=click.IntRange(1), default=1, show_default=True, help="Nodes, one of which this is."),
    click.option("--dry-run", is_flag=True, help="Check everything, print the plan, train nothing; needs no GPU."),
)
