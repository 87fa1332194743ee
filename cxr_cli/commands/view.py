"""`cxr view`."""

from pathlib import Path

import click

from cxr_cli.options.films import root
from cxr_cli.options.flow import mapping, without_inputs
from cxr_cli.options.values import file_names


@click.command()
@click.argument("inputs", nargs=-1, metavar="[[NAME=]INPUT]...", shell_complete=file_names)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT", required=True, help="The page: an .html file."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option("--embed", is_flag=True, help="Put the films into the page, as JPEG.  [default: link to the files]")
@root
@mapping
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show at most N rows of each INPUT.")
def view(
    inputs: tuple[str, ...],
    output: Path,
    overwrite: bool,
    embed: bool,
    root: Path | None,
    mapping: dict[str, list[str]],
    limit: int | None,
) -> None:
    """Write a page to look at rows of any stage and to mark their steps.

    \b
    cxr mine examples | cxr verify --keep all | cxr view -o page.html

    The page shows the films, the question, each step with its verdict and its sentence of the report, the models'
    replies and the scores. Models, from several INPUTs or by `answered_by`, stand side by side; their rows are joined
    by `item`, or by `id` if there is none. NAME=INPUT names the model of a file. The page needs no network. Readers can
    mark steps and predictions in it; `cxr verify --human` takes the marks as verdicts.

    \b
    cxr view steps.jsonl -o page.html
    cxr view SFT=sft.jsonl RL=rl.jsonl --images /data/mimic-cxr --embed -o page.html
    """
    from cxr_cli.stages.view import ViewOptions, run

    run(ViewOptions(inputs or without_inputs(), output, overwrite, mapping, limit, root, embed))
