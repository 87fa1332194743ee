"""How films are read: the flags of every stage that gives films to a model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxr_cli.options.bundle import Bundle

if TYPE_CHECKING:
    from cxr_cli.images import Films


def _make_films(root: Path | None, side: int, pixels: int | None, workers: int, cache: Path | None) -> "Films":
    from cxr_cli.images import Budget, Films, Square

    return Films(root, Square(side) if pixels is None else Budget(pixels), workers, cache)


root = click.option(
    "--images",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="ROOT",
    help="The folder that film paths are relative to.  [default: the current folder]",
)
films = Bundle(
    "films",
    _make_films,
    root,
    click.option(
        "--size", "side", type=click.IntRange(28), default=448, show_default=True, help="Width and height in pixels."
    ),
    click.option(
        "--max-pixels", "pixels", type=click.IntRange(784), help="Keep a film's shape, with at most this many pixels."
    ),
    click.option("--workers", type=click.IntRange(0), default=2, show_default=True, help="Processes to decode films."),
    click.option(
        "--image-cache", "cache", type=click.Path(path_type=Path), metavar="DIR", help="Keep decoded films in DIR."
    ),
)
