"""`cxr verify`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.options import verifying
from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES

if TYPE_CHECKING:
    from cxr_cli.stages.verify import VerifyOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.verify:VerifyOptions",
    *verifying.step_flags,
    options.unmentioned,
    options.lexicon,
    options.jobs,
    verifying.explain,
    options.show_prompt("cxr_cli.verifying.judges.llm"),
    options.flow(),
    options.engine(required=False),
    options.judge(STEP_JUDGES),
    options.to,
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
    options.check_jobs(settings.jobs, settings.engine)
    verifying.check_flags(settings.judges, settings.engine, settings.human)
    from cxr_cli.stages.verify import run

    options.exit_if_incomplete(run(settings))
