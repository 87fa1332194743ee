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

STEPS = "Write steps for all studies, only for those with a report, or for none (questions and answers alone)."
BRIEF = "Steps by rules leave out the plan and use one wording for each finding: for small models."
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
        help="The kind of question to ask; repeatable.  [default: all]",
    ),
    click.option(
        "--findings",
        metavar="LIST",
        help="Ask only about these, `edema,nodule` or `all`; binary questions ask about each.",
    ),
    options.unmentioned,
    click.option(
        "--uncertain",
        type=DOUBT,
        default="skip",
        help="How binary questions treat an uncertain finding; skip: not asked.  [default: skip]",
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Random draws depend on the seed and on ids, not on the order of rows.",
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
    """Turn reports into questions with reasoning steps.

    \b
    cxr mine examples | cxr verify > steps.jsonl

    INPUT is a file of studies (or stdin), a folder of .txt reports, `examples` (they come with cxr), or a data set as
    it is downloaded: NAME:FOLDER, or the folder alone. NAME is one of SOURCES.
    With -m a model writes the steps in three passes: a plan, the evidence for it in the report, and a chain that reads
    as if it looked at the film.

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
