"""Which studies `cxr mine` asks about, and how often: the flags that leave studies or questions out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cxr_cli.options.bundle import Bundle
from cxr_cli.options.completion import file_names
from cxr_cli.rows import splits

if TYPE_CHECKING:
    from cxr_cli.stages.mine import StudySelection


def check_selection(selection: "StudySelection", tasks: Sequence[str]) -> None:
    """UsageError for flags that do not go together."""
    if selection.balance and selection.count is None:
        raise click.UsageError("--balance needs --per-finding N.")
    if selection.count is not None and set(tasks) - {"binary"}:
        raise click.UsageError("--per-finding asks binary questions only.")


def _parsed_shares(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, float]:
    return splits.parse_shares(text or "")


selection = Bundle(
    "selection",
    "cxr_cli.stages.mine:StudySelection",
    click.option(
        "--per-finding", "count", type=click.IntRange(1), metavar="N", help="N binary cases for each finding."
    ),
    click.option("--balance", is_flag=True, help="With --per-finding: half of the answers are Yes, half No."),
    click.option(
        "--make-split",
        "shares",
        callback=_parsed_shares,
        metavar="NAME=SHARE,..",
        help="Draw a split, by patient, for studies without one: `test=0.1,validate=0.1`; the rest is train.",
    ),
    click.option("--with-images", "films", is_flag=True, help="Leave out studies without a film, and report how many."),
    click.option(
        "--apart-from",
        "others",
        multiple=True,
        metavar="FILE",
        shell_complete=file_names,
        help="Leave out patients that are in FILE, such as a test set; repeatable.",
    ),
    click.option(
        "--dedupe",
        is_flag=True,
        help="Leave out studies whose report is nearly the same as an earlier one, and report how many.",
    ),
)
