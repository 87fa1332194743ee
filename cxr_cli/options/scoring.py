"""What `cxr score` reads and measures, and what it prints in place of rows: summaries, comparisons and plots."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from cxr_cli.options.bundle import Bundle
from cxr_cli.published.published_table import PUBLISHED_RESULTS
from cxr_cli.rows import FlowOptions
from cxr_cli.scoring.judges.judge_table import Empty
from cxr_cli.scoring.tables.format_table import FORMATS
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS

if TYPE_CHECKING:
    from cxr_cli.stages.score import SummaryOptions


def check_summary(summary: "SummaryOptions", flow: FlowOptions) -> None:
    """UsageError for flags that do not go together."""
    if summary.findings and (summary.summary or summary.compare):
        raise click.UsageError("--findings prints a table of its own: leave out --summary and --compare.")
    if (summary.summary or summary.compare or summary.findings or summary.plot) and (flow.continues or flow.shard):
        raise click.UsageError(
            "--summary, --compare, --findings and --plot need every row: finish OUT with --resume, or join the shards "
            "with cxr merge, then run them on these rows."
        )
    if summary.compare and (summary.summary or flow.output or flow.rejects):
        raise click.UsageError("--compare prints a comparison and no rows: leave out --summary, -o and --rejects.")
    if not summary.compare and (summary.common or summary.in_domain):
        raise click.UsageError("--common and --in-domain are for --compare.")


def _parsed_names(context: click.Context, parameter: click.Parameter, text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


inputs = (
    click.option(
        "--from", "layout", type=click.Choice([*PUBLISHED_RESULTS]), help="INPUT is a folder of published results."
    ),
    click.option(
        "--references",
        metavar="PATH",
        help="Reference reports, joined by id: rows, a folder of .txt files, or a .txt file with one report a line.",
    ),
)
measures = (
    click.option(
        "--empty",
        type=click.Choice(get_args(Empty)),
        default="null",
        show_default=True,
        help="The score of a part of RadRScore that has nothing to count: null, or 0 as in the published evaluation.",
    ),
    click.option(
        "--statements",
        is_flag=True,
        help="Add sensitivity, specificity and consistency of the statements in the reasoning.",
    ),
    click.option(
        "--metric",
        "metrics",
        multiple=True,
        metavar="NAME",
        help=f"Add a metric of the reply's text: {', '.join(TEXT_METRICS)}, or my_module:function; repeatable.",
    ),
    click.option("--grounding", is_flag=True, help="Add the overlap (IoU) of predicted boxes with the row's `boxes`."),
)
summary = Bundle(
    "summary",
    "cxr_cli.stages.score:SummaryOptions",
    click.option(
        "--summary", is_flag=True, help="Print a summary instead of the rows; with -o OUT the rows go to OUT."
    ),
    click.option(
        "--compare",
        is_flag=True,
        help="Compare models: one per INPUT (NAME=FILE names it), or several in one INPUT, by `answered_by`.",
    ),
    click.option(
        "--findings",
        is_flag=True,
        help="Print how predicted reports agree with the references, finding by finding, with sides and severities.",
    ),
    click.option("--common", is_flag=True, help="Compare only on the items that all models have."),
    click.option(
        "--in-domain",
        callback=_parsed_names,
        metavar="SOURCE,..",
        help="Compare on these sources and, beside them, on all others: mimic-cxr,chexpert.",
    ),
    click.option(
        "--plot",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Plot the scores into DIR, as PNG and SVG.",
    ),
    click.option(
        "--format",
        type=click.Choice([*FORMATS]),
        default="table",
        show_default=True,
        help="Format of the summary or comparison.",
    ),
)
