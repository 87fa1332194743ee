"""`cxr label`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.labelling.label_set import LABEL_SETS
from cxr_cli.labelling.label_tables import LABEL_TABLES

if TYPE_CHECKING:
    from cxr_cli.stages.label import LabelOptions

SET_HELP = "The labels: their names, their order and their rules.  [default: chexpert]"
FINDINGS_HELP = "Only these labels, `edema,effusion`; without --set they are findings of the lexicon."
FORMAT_HELP = "Write the table of another tool: its columns, with 1.0, 0.0, -1.0 or blank."
GOLD_HELP = "Compare with these labels, joined by id: print how far they agree; rows that differ go to -o OUT."


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.label:LabelOptions",
    click.option("--set", "label_set", type=click.Choice([*LABEL_SETS]), help=SET_HELP),
    click.option("--findings", metavar="LIST", help=FINDINGS_HELP),
    click.option("--format", type=click.Choice([*LABEL_TABLES]), help=FORMAT_HELP),
    click.option("--mentions", is_flag=True, help="Add `mentions`: the findings that the report states, and where."),
    click.option("--sections", is_flag=True, help="Add `sections`: the report's parts, and which state no finding."),
    click.option("--explain", is_flag=True, help="Print each sentence, its findings and what decides them on stderr."),
    click.option("--gold", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help=GOLD_HELP),
    options.lexicon,
    options.jobs,
    options.flow(default="examples"),
)
def label(settings: "LabelOptions") -> None:
    """Label reports with the findings that they state.

    \b
    cxr label examples --format chexpert > labels.csv

    Adds `labels` to each study, as CheXpert, MIMIC-CXR, Open-i or VinDr-CXR are labelled: 1 present, 0 absent, -1
    uncertain, null where the report does not say. INPUT is as for `cxr mine`, or a CSV file without ids, as the
    CheXpert labeler and CheXbert take it. Rules read the reports; nothing leaves the machine.

    \b
    cxr label reports.csv --map id=uid,report=findings+impression -o labels.csv
    cxr label reports/ --set openi --mentions > labelled.jsonl
    cxr label mimic-cxr:/data/mimic-cxr --format mimic -o mimic-labels.csv
    cxr label reports.jsonl --gold radiologists.csv -o differing.jsonl
    """
    if settings.format and (settings.findings or settings.label_set not in (None, "chexpert", "mimic")):
        raise click.UsageError("--format writes the 14 labels of CheXpert: no other --set, and no --findings.")
    if settings.format and (settings.mentions or settings.sections or settings.gold):
        raise click.UsageError("--format writes labels alone: no --mentions, --sections or --gold.")
    if settings.gold and (settings.flow.continues or settings.flow.shard):
        raise click.UsageError("--gold compares in one run: leave out --resume, --retry-failed and --shard.")
    from cxr_cli.stages.label import run

    options.exit_if_incomplete(run(settings))
