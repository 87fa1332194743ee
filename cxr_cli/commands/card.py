"""`cxr card`."""

from pathlib import Path

import click

from cxr_cli.options.completion import file_names


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
    help="The folder that the paths of films start from: compares films by their bytes.  [default: by their paths]",
)
@click.option("--overwrite", is_flag=True, help="Replace the card that is there.")
def card(inputs: tuple[str, ...], folder: Path, root: Path | None, overwrite: bool) -> None:
    """A data card: counts, a plot, and what the splits share.

    \b
    cxr mine examples | cxr card - -o card/

    Writes OUT/README.md with a fingerprint of each split, OUT/distribution.png and .svg. Without SPLIT= the rows' own
    `split` counts. Prints what two splits share: patients, films (by their bytes with --images, else by path), question
    ids: with exit code 1; and nearly the same reports, which are told and are no leak: templates of normal films.

    \b
    cxr card train=train.jsonl test=test.jsonl -o card/
    cxr card train=train.jsonl test=test.jsonl -o card/ --images /data/mimic-cxr
    cxr card steps.jsonl -o card/ --overwrite
    """
    from cxr_cli.stages.card import CardOptions, run

    run(CardOptions([_split_and_file(given) for given in inputs], folder, root, overwrite))


def _split_and_file(given: str) -> tuple[str | None, str]:
    """`train=a.jsonl` -> its split and its path; a file whose path has "=" in it goes by `./`."""
    split, equals, path = given.partition("=")
    return (split, path) if equals and "/" not in split else (None, given)
