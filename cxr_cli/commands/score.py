"""`cxr score`."""

from typing import Any

import click

from cxr_cli import options
from cxr_cli.options.completion import file_names
from cxr_cli.rows import Flow
from cxr_cli.scoring.judges import JUDGES
from cxr_cli.sources.texts import plain_text


@click.command()
@click.option(
    "--empty",
    type=click.Choice(["null", "zero"]),
    default="null",
    show_default=True,
    help="A part of RadRScore with nothing to count: unknown, or 0 as in the published evaluation.",
)
@click.option(
    "--from", "layout", type=click.Choice(["chestx-reasoner"]), help="INPUT is a folder of published results."
)
@click.option(
    "--references",
    metavar="PATH",
    shell_complete=file_names,
    help="Reference reports, joined by id: rows, a folder of .txt, a .txt of lines.",
)
@click.option("--statements", is_flag=True, help="Add sensitivity, specificity and consistency of the statements.")
@options.unmentioned
@options.lexicon
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the bootstrap.")
@options.show_prompt("cxr_cli.scoring.judges.llm")
@options.flow(find=plain_text.find)
@options.engine(required=False)
@options.judge(JUDGES, "Rules, offline; or a model; or what a judge left in the rows, `judged`")
@options.compare
def score(flow: Flow, models: dict[str, Any] | None, lexicon: str | None, **how: Any) -> None:
    """RadRScore, accuracy and report metrics of what a model said.

    \b
    cxr score examples/answers.jsonl --summary

    Reads rows with `predictions` (or one `prediction`, a text) beside `report`, `steps`, `question`, `options` and
    `answer`, as far as there are any; without a question, a report against a report. Adds `scores`, `why` for nulls.

    \b
    cxr score theirs.csv --map id=uid,prediction=generated,report=findings+impression --summary
    cxr score generated.txt --references reports.txt --summary
    cxr score answers.jsonl --summary --format json -o scored.jsonl > summary.json
    cxr score answers.jsonl --summary --judge rules,llm -m http://localhost:8000/v1
    cxr score --from chestx-reasoner eval/res --judge stored --summary    # as published, and ours
    cxr score a.jsonl "GPT-4o=b.jsonl" --compare --format latex --plot figures
    """
    from cxr_cli.findings import Lexicon, reader
    from cxr_cli.stages.score import compare, run

    run_it = run if models is None else compare
    run_it(flow, reader(Lexicon.load(lexicon)), **how, **(models or {}))
