"""`cxr mine`."""

from textwrap import fill
from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.options import mining
from cxr_cli.sources.data_sets import SOURCES

if TYPE_CHECKING:
    from cxr_cli.stages.mine import MineOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.mine:MineOptions",
    *mining.questions,
    options.unmentioned,
    options.lexicon,
    options.jobs,
    options.show_prompt("cxr_cli.mining.llm_steps"),
    options.flow(default="examples"),
    mining.selection,
    options.to,
    options.engine(required=False),
)
def mine(settings: "MineOptions") -> None:
    """Turn reports into questions with reasoning steps.

    \b
    cxr mine examples | cxr verify > steps.jsonl

    INPUT is a file of studies (or stdin), a folder of .txt reports, `examples` (they come with cxr), or a data set as
    it is downloaded: NAME:FOLDER, or the folder alone. NAME is one of

    \b
    SOURCES

    With -m a model writes the steps in three passes: a plan, the evidence for it, and reasoning as if from the film.

    \b
    cxr mine mimic-cxr:/data/mimic-cxr --split test | cxr verify > steps.jsonl
    cxr mine reports.csv --map id=uid,report=findings+impression -o cases.jsonl
    zcat studies.jsonl.gz | cxr mine --task binary --findings all | cxr verify > steps.jsonl
    cxr mine studies.jsonl --per-finding 200 --balance > balanced.jsonl
    cxr mine reports/ --make-split test=0.1 --split train --apart-from test.jsonl --dedupe > train.jsonl
    cxr mine reports/ -m http://localhost:8000/v1 | cxr verify > steps.jsonl
    """
    options.check_jobs(settings.jobs, settings.engine)
    mining.check_flags(settings.tasks, settings.steps, settings.brief, settings.engine, settings.selection)
    from cxr_cli.stages.mine import run

    options.exit_if_incomplete(run(settings))


_NAMES_OF_SOURCES = fill(", ".join(SOURCES), 72, subsequent_indent=" " * 4, break_on_hyphens=False)
mine.help = (mine.help or "").replace("SOURCES", _NAMES_OF_SOURCES)
