"""Which studies are asked about, and how often: the flags of `cxr mine` that leave some out."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from cxr_cli.options.completion import file_names
from cxr_cli.rows import Flow, splits

Command = Callable[..., None]


def selection(command: Command) -> Command:
    """The flags reach the command as `selected`: count, balance, films, others, dedupe; --make-split becomes the
    flow's. Stands below `options.flow`."""

    def wrapper(flow: Flow, shares: str | None, **given: Any) -> None:
        selected = {name: given.pop(name) for name in ("count", "balance", "films", "others", "dedupe")}
        if selected["balance"] and selected["count"] is None:
            raise click.UsageError("--balance needs --per-finding N.")
        if selected["count"] is not None and set(given["tasks"]) - {"binary"}:
            raise click.UsageError("--per-finding asks binary questions only.")
        flow.shares, flow.spare = splits.parse_shares(shares or ""), selected["others"]
        command(flow, selected=selected, **given)

    wrapped = update_wrapper(wrapper, command)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option(
        "--per-finding", "count", type=click.IntRange(1), metavar="N", help="N binary cases for each finding."
    ),
    click.option("--balance", is_flag=True, help="With --per-finding: half of them Yes, half No."),
    click.option(
        "--make-split",
        "shares",
        metavar="NAME=SHARE,..",
        help="Draw a split, by patient, for studies that have none: `test=0.1,validate=0.1`; the rest is train.",
    ),
    click.option("--with-images", "films", is_flag=True, help="Leave out studies without a film; says how many."),
    click.option(
        "--apart-from",
        "others",
        multiple=True,
        metavar="FILE",
        shell_complete=file_names,
        help="Leave out the patients of FILE, a test set; repeatable.",
    ),
    click.option(
        "--dedupe", is_flag=True, help="Drop studies whose report is nearly that of one before; says how many."
    ),
)
