"""`cxr score`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.options import scoring
from cxr_cli.scoring.judges.judge_table import JUDGES

if TYPE_CHECKING:
    from cxr_cli.stages.score import ScoreOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.score:ScoreOptions",
    *scoring.inputs,
    *scoring.measures,
    options.unmentioned,
    options.lexicon,
    options.jobs,
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the bootstrap."),
    options.show_prompt("cxr_cli.scoring.judges.llm"),
    options.flow(),
    options.engine(required=False),
    options.judge(JUDGES, help="Rules, offline; or a model; or the judgements stored in the rows (`judged`)"),
    scoring.summary,
)
def score(settings: "ScoreOptions") -> None:
    """Score a model's answers, reasoning (RadRScore) and reports.

    \b
    cxr score examples/answers.jsonl --summary

    Reads rows with `predictions` (or one `prediction`, a text) and, where there are any, `report`, `steps`,
    `question`, `options` and `answer`. In a row without a question the prediction is a report, and is compared with the
    `report`. Adds `scores`, and in `why` the reason for each null.

    \b
    cxr score theirs.csv --map id=uid,prediction=generated,report=findings+impression --summary
    cxr score generated.txt --references reports.txt --summary
    cxr score answers.jsonl --summary --format json -o scored.jsonl > summary.json
    cxr score answers.jsonl --summary --judge rules,llm -m http://localhost:8000/v1
    cxr score --from chestx-reasoner eval/res --judge stored --summary    # as published, and ours
    cxr score a.jsonl "GPT-4o=b.jsonl" --compare --format latex --plot figures
    """
    options.check_jobs(settings.jobs, settings.engine)
    options.check_judges(settings.judges, JUDGES, settings.engine)
    scoring.check_summary(settings.summary, settings.flow)
    from cxr_cli.stages.score import run

    options.exit_if_incomplete(run(settings))
