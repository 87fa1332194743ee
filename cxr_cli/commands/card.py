"""`cxr card`."""

from pathlib import Path

import click

from cxr_cli.options.values import file_names


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[SPLIT=]FILE...", shell_complete=file_names)
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to fill."
)
@click.option(
    "--images",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="ROOT",
    help="The folder that film paths are relative to; films are then compared by their bytes, not by their paths.",
)
@click.option(
    "--all", "all_findings", is_flag=True, help="List all findings that questions name, also those that never occur."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing card.")
def card(inputs: tuple[str, ...], folder: Path, root: Path | None, all_findings: bool, overwrite: bool) -> None:
    """Write a data card: counts, a plot, and what the splits share.

    \b
    cxr mine examples | cxr card - -o card/

    Writes README.md, with a fingerprint of each split, and distribution.png and .svg into the folder. Without SPLIT= a
    row belongs to the split that its `split` names. If two splits share patients, films (compared by bytes with
    --images, else by path) or question ids, the command lists them and ends with exit code 1. Nearly identical reports
    are listed too, but do not count as a leak: reports of normal films follow templates.

    \b
    cxr card train=train.jsonl test=test.jsonl -o card/
    cxr card train=train.jsonl test=test.jsonl -o card/ --images /data/mimic-cxr
    cxr card steps.jsonl -o card/ --overwrite
    """
    from cxr_cli.stages.card import CardOptions, run

    run(CardOptions([_split_and_file(text) for text in inputs], folder, root, overwrite, all_findings))


def _split_and_file(text: str) -> tuple[str | None, str]:
    """`train=a.jsonl` -> ("train", "a.jsonl"); a file with "=" in its name is given as `./NAME`."""
    split, equals, path = text.partition("=")
    return (split, path) if equals and "/" not in split else (None, text)
