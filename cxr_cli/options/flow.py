"""Where rows come from and where they go: the flags of every stage that reads rows."""

import sys
from pathlib import Path
from typing import get_args

import click

from cxr_cli.options.bundle import Bundle
from cxr_cli.options.values import file_names
from cxr_cli.rows import FlowOptions, claim_stdout, note
from cxr_cli.rows.files.formats import known_suffixes
from cxr_cli.rows.flow import OnError
from cxr_cli.rows.mapping import parse

INCOMPLETE = 3  # the exit code when the run went through, but rows were rejected or failed


def flow(*, default: str | None = None) -> Bundle:
    """The flags reach the command as `flow`, a FlowOptions.

    default: the INPUT to use when none is given and nothing is piped in.
    """

    def make(
        inputs: tuple[str, ...],
        output: Path | None,
        overwrite: bool,
        resume: bool,
        retry_failed: bool,
        on_error: OnError,
        rejects: Path | None,
        mapping: dict[str, list[str]],
        limit: int | None,
        split: str | None,
        shard: tuple[int, int] | None,
    ) -> FlowOptions:
        if resume and output is None:
            raise click.UsageError("--resume needs -o OUT, the file to continue.")
        if retry_failed and output is None:
            raise click.UsageError("--retry-failed needs -o OUT, the file with the failed rows.")
        if (resume or retry_failed) and overwrite:
            flag = "--resume" if resume else "--retry-failed"
            raise click.UsageError(f"{flag} continues OUT and --overwrite replaces it: give one of them.")
        if (on_error == "skip") != (rejects is not None):
            raise click.UsageError("--on-error skip and --rejects FILE go together: no row is dropped silently.")
        if sys.stdout is not None:
            claim_stdout()
        inputs = inputs or without_inputs(default)
        where = (inputs, output, overwrite, resume, on_error, rejects, mapping, limit, shard, split)
        return FlowOptions(*where, retry_failed=retry_failed)

    inputs = click.argument("inputs", nargs=-1, metavar="[INPUT]...", shell_complete=file_names)
    return Bundle("flow", make, inputs, *_FLOW_OPTIONS)


def exit_if_incomplete(count: int) -> None:
    """Ends the command with exit code 3 if `count`, the number of rows that were rejected or failed, is not 0."""
    if count:
        click.get_current_context().exit(INCOMPLETE)


def without_inputs(default: str | None = None) -> tuple[str, ...]:
    """The inputs to read when no INPUT is given: stdin if something is piped in, else `default`."""
    if sys.stdin is not None and not sys.stdin.isatty():
        return ("-",)
    if default is None:
        raise click.UsageError("No INPUT: name a file, or pipe rows in.")
    note(f"no INPUT: reading `{default}`, which comes with cxr")
    return (default,)


def _parsed_map(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, list[str]]:
    try:
        return parse(texts) if texts else {}
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _parsed_shard(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise click.BadParameter(f"{text}: not K/N with K from 1 to N")
    return int(part), int(parts)


mapping = click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=_parsed_map,
    metavar="NAME=COLUMN,..",
    help="Rename columns: id=uid,labels.edema=oedema,report=findings+impression; + joins columns as sections.",
)
_FLOW_OPTIONS = (
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="OUT",
        help=f"Write rows to OUT, not to stdout: {known_suffixes(writable=True)}.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace OUT if it exists."),
    click.option(
        "--resume",
        is_flag=True,
        help="Continue OUT (.jsonl): make the rows that it lacks, and again those for which no reply of a model came.",
    ),
    click.option(
        "--retry-failed",
        is_flag=True,
        help="Make again all rows of OUT on which a model failed, also those whose reply could not be used; "
        "without --resume, no others.",
    ),
    click.option(
        "--on-error",
        type=click.Choice(get_args(OnError)),
        default="stop",
        show_default=True,
        help="At a broken row: stop with exit code 1, or send it to --rejects, go on, and end with exit code 3.",
    ),
    click.option(
        "--rejects",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write broken rows to FILE, each with its place and the reason (.jsonl; replaces FILE).",
    ),
    mapping,
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read at most N good rows."),
    click.option(
        "--split", metavar="NAME", help="Read only rows of this split: train, validate, test.  [default: all]"
    ),
    click.option(
        "--shard",
        callback=_parsed_shard,
        metavar="K/N",
        help="Process the K-th of N parts: one task of a Slurm array; `cxr merge` joins the outputs.",
    ),
)
