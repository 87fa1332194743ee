"""`cxr merge`."""

from pathlib import Path

import click

from cxr_cli import options
from cxr_cli.options.values import file_names


@click.command()
@click.argument("parts", nargs=-1, required=True, metavar="PART...", shell_complete=file_names)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT", help="Write rows to OUT, not to stdout."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Do not stop at a row whose id an earlier row has: write it to FILE, and end with exit code 3.",
)
def merge(parts: tuple[str, ...], output: Path | None, overwrite: bool, rejects: Path | None) -> None:
    """Join what the shards of a run have written.

    \b
    cxr mine examples --shard 1/1 -o part-1.jsonl && cxr merge part-1.jsonl > cases.jsonl

    Each PART is the output of one run with --shard K/N, and has beside it the record PART.shard, which that run wrote
    when it ended. Nothing is written unless the parts are 1 to N of the same inputs with the same options, none has
    changed since, and no id is doubled. The rows come in the order of the shards.

    \b
    for k in 1 2 3; do cxr verify cases.jsonl --shard $k/3 -o steps-$k.jsonl & done; wait
    cxr merge steps-*.jsonl -o steps.jsonl
    """
    from cxr_cli.stages.merge import run

    options.exit_if_incomplete(run([Path(part) for part in parts], output, overwrite, rejects))
