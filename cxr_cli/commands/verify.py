"""`cxr verify`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.verifying.judges import STEP_JUDGES

if TYPE_CHECKING:
    from cxr_cli.stages.verify import VerifyOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.verify:VerifyOptions",
    click.option(
        "--keep",
        type=click.Choice(["steps", "cases", "all"]),
        default="steps",
        show_default=True,
        help="Drop bad steps, drop cases that have any, or drop nothing and only annotate.",
    ),
    click.option(
        "--min-support",
        type=click.FloatRange(0, 1),
        metavar="X",
        help="Drop cases (or predictions) whose support is below X.",
    ),
    click.option(
        "--on",
        type=click.Choice(["steps", "predictions"]),
        default="steps",
        show_default=True,
        help="Check the steps of the case, or a model's reasoning in its predictions.",
    ),
    click.option(
        "--human",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Marks made in a page of `cxr view`: they decide; the judge's verdict is kept as `second`.",
    ),
    options.unmentioned,
    options.lexicon,
    click.option("--explain", is_flag=True, help="Print each step with its verdict and the reason on stderr."),
    options.show_prompt("cxr_cli.verifying.llm"),
    options.flow(),
    options.engine(required=False),
    options.judge(STEP_JUDGES),
)
def verify(settings: "VerifyOptions") -> None:
    """Keep only the steps that the report supports.

    \b
    cxr mine examples | cxr verify --explain > steps.jsonl

    Reads cases with a `report` and `steps` (a string, a list of strings, or a list of objects with `text`). Adds
    `verdict` (supported, contradicted, unmentioned, not_checkable), `reason` and `evidence` to each step, and `support`
    to each case.

    \b
    cxr verify theirs.jsonl --map id=item_id,report=original_report,steps=reason_steps --keep all --explain
    cxr verify answers.jsonl --on predictions > checked.jsonl
    cxr verify steps.jsonl --judge rules,llm -m http://localhost:8000/v1 > checked.jsonl
    cxr verify steps.jsonl --human marks.jsonl > checked.jsonl
    """
    options.check_judges(settings.judges, settings.engine)
    if settings.human and len(settings.judges) > 1:
        raise click.UsageError("--human stands beside one judge: give --judge rules or --judge llm.")
    from cxr_cli.stages.verify import run

    options.exit_if_rejected(run(settings))
