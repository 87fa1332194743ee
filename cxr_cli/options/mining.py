"""What `cxr mine` asks: which questions, about which studies, and with which steps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import click

from cxr_cli.engines import Spec
from cxr_cli.mining.cases import StepsFor
from cxr_cli.options.bundle import Bundle
from cxr_cli.options.values import file_names
from cxr_cli.rows import splits
from cxr_cli.tasks.candidates import Uncertain
from cxr_cli.tasks.task_table import task_names, tasks_named

if TYPE_CHECKING:
    from cxr_cli.stages.mine import StudySelection


def check_flags(
    tasks: Sequence[str], steps: StepsFor, brief: bool, engine: Spec | None, selection: "StudySelection"
) -> None:
    """UsageError for flags that do not go together."""
    if selection.balance and selection.count is None:
        raise click.UsageError("--balance needs --per-finding N.")
    if selection.count is not None and not all(task.per_finding for task in tasks_named(tasks)):
        names = dict.fromkeys(task.name for task in tasks_named(task_names()) if task.per_finding)
        raise click.UsageError(f"--per-finding asks {' and '.join(names)} questions only.")
    if steps == "none" and engine:
        raise click.UsageError("--steps none leaves nothing for -m to write.")
    if brief and engine:
        raise click.UsageError("--brief is for steps by rules; -m writes its own.")


def _parsed_shares(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, float]:
    return splits.parse_shares(text or "")


questions = (
    click.option(
        "--task",
        "tasks",
        multiple=True,
        type=click.Choice(task_names()),
        help="The kind of question to ask; repeatable.  [default: all]",
    ),
    click.option(
        "--findings",
        metavar="LIST",
        help="Ask only about these findings (`edema,nodule`, or `all`); binary questions then ask about each.",
    ),
    click.option(
        "--uncertain",
        type=click.Choice(get_args(Uncertain)),
        default="skip",
        help="The answer to a binary question about an uncertain finding; skip: there is none.  [default: skip]",
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Random draws depend on the seed and on ids, not on the order of rows.",
    ),
    click.option(
        "--steps",
        type=click.Choice(get_args(StepsFor)),
        default="all",
        show_default=True,
        help="Write steps for all studies, only for those with a report, or for none (questions and answers alone).",
    ),
    click.option(
        "--brief",
        is_flag=True,
        help="Write shorter steps, for small models: no plan, and one wording for each finding. Not with -m.",
    ),
)
selection = Bundle(
    "selection",
    "cxr_cli.stages.mine:StudySelection",
    click.option(
        "--per-finding", "count", type=click.IntRange(1), metavar="N", help="Make N binary cases for each finding."
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
    click.option("--every", type=click.IntRange(1), metavar="N", help="Take one of every N studies: a sample."),
    click.option(
        "--dedupe",
        is_flag=True,
        help="Leave out studies whose report is nearly the same as an earlier one, and report how many.",
    ),
)
