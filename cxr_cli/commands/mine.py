"""`cxr mine`."""

from typing import TYPE_CHECKING, get_args

import click

from cxr_cli import options
from cxr_cli.mining.cases import StepsFor
from cxr_cli.sources import SOURCES
from cxr_cli.tasks import task_names
from cxr_cli.tasks.questions import Uncertain

if TYPE_CHECKING:
    from cxr_cli.stages.mine import MineOptions

STEPS = "Steps for all studies, for those with a report, or for none: questions and answers alone."
BRIEF = "Steps by rules without the plan, and in one wording: for small models."
DOUBT = click.Choice(get_args(Uncertain))


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.mine:MineOptions",
    click.option(
        "--task",
        "tasks",
        multiple=True,
        type=click.Choice(task_names()),
        help="What to ask; repeatable.  [default: all]",
    ),
    click.option(
        "--findings", metavar="LIST", help="Ask about these alone, `edema,nodule` or `all`; binary about each."
    ),
    options.unmentioned,
    click.option(
        "--uncertain", type=DOUBT, default="skip", help="Is there X, if uncertain? skip: not asked.  [default: skip]"
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Draws depend on it and on ids, not on the order."
    ),
    click.option("--steps", type=click.Choice(get_args(StepsFor)), default="all", show_default=True, help=STEPS),
    click.option("--brief", is_flag=True, help=BRIEF),
    options.lexicon,
    options.show_prompt("cxr_cli.mining.llm"),
    options.flow(default="examples"),
    options.selection,
    options.engine(required=False),
)
def mine(settings: "MineOptions") -> None:
    """Reports -> questions with reasoning steps.

    \b
    cxr mine examples | cxr verify > steps.jsonl

    INPUT: studies as rows (a file, or piped in), a folder of .txt reports, `examples`, which come with cxr, or a data
    set as it is downloaded, NAME:FOLDER or its folder alone. NAME: SOURCES.
    With -m a model writes the steps, in three passes: a plan, its evidence in the report, a chain that sees the film.

    \b
    cxr mine mimic-cxr:/data/mimic-cxr --split test | cxr verify > steps.jsonl
    cxr mine reports.csv --map id=uid,report=findings+impression -o cases.jsonl
    zcat studies.jsonl.gz | cxr mine --task binary --findings all | cxr verify > steps.jsonl
    cxr mine studies.jsonl --per-finding 200 --balance > balanced.jsonl
    cxr mine reports/ --make-split test=0.1 --split train --apart-from test.jsonl --dedupe > train.jsonl
    cxr mine reports/ -m http://localhost:8000/v1 | cxr verify > steps.jsonl
    """
    options.check_selection(settings.selection, settings.tasks)
    if settings.steps == "none" and settings.engine:
        raise click.UsageError("--steps none leaves nothing for -m to write.")
    if settings.brief and settings.engine:
        raise click.UsageError("--brief is for steps by rules; -m writes its own.")
    from cxr_cli.stages.mine import run

    options.exit_if_rejected(run(settings))


mine.help = (mine.help or "").replace("SOURCES", ", ".join(SOURCES))
