"""What `cxr score` counts up, and in which shape it is shown: the flags of summaries, comparisons and pictures."""

from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from cxr_cli.rows import Flow
from cxr_cli.scoring.tables import FORMATS

Command = Callable[..., None]


def compare(command: Command) -> Command:
    """The flags reach the command as `shape` (None: rows are written), `plot`, and `models`: None, or `common` and
    `in_domain` for a comparison. Stands below `options.flow`.
    """

    def wrapper(flow: Flow, summary: bool, compare: bool, shape: str, **given: Any) -> None:
        models = {"common": given.pop("common"), "in_domain": given.pop("in_domain")}
        if (summary or given["plot"]) and flow.resume:
            raise click.UsageError("--summary and --plot take one run: --resume, then `cxr score OUT --summary`.")
        if compare and (summary or flow.output or flow.rejects):
            raise click.UsageError("--compare prints how models compare, and no rows: no --summary, -o or --rejects.")
        if not compare and any(models.values()):
            raise click.UsageError("--common and --in-domain are for --compare.")
        command(flow, shape=shape if summary or compare else None, models=models if compare else None, **given)

    wrapped = update_wrapper(wrapper, command)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _sources(context: click.Context, parameter: click.Parameter, text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


_OPTIONS = (
    click.option("--summary", is_flag=True, help="Print a summary in place of the rows; with -o, beside them."),
    click.option(
        "--compare",
        is_flag=True,
        help="Print how models compare: of several INPUTs, or of one where `answered_by` names them. NAME=FILE is one.",
    ),
    click.option("--common", is_flag=True, help="Compare on the items that models share, where they have others too."),
    click.option(
        "--in-domain",
        callback=_sources,
        metavar="SOURCE,..",
        help="Compare on these sources and on all others, side by side: mimic-cxr,chexpert.",
    ),
    click.option(
        "--plot",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Draw the scores there, as PNG and SVG.",
    ),
    click.option(
        "--format",
        "shape",
        type=click.Choice([*FORMATS]),
        default="table",
        show_default=True,
        help="The summary or comparison for a person, a paper, a spreadsheet or a program.",
    ),
)
