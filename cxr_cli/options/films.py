"""How films are read: the flags of every stage that shows a model images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxr_cli.options.bundle import Bundle

if TYPE_CHECKING:
    from cxr_cli.images import Films


def _films(root: Path | None, side: int, pixels: int | None, workers: int, cache: Path | None) -> "Films":
    from cxr_cli.images import Budget, Films, Square

    return Films(root, Square(side) if pixels is None else Budget(pixels), workers, cache)


root = click.option(
    "--images",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="ROOT",
    help="The folder that the paths of films start from.  [default: here]",
)
films = Bundle(
    "films",
    _films,
    root,
    click.option("--size", "side", type=click.IntRange(28), default=448, show_default=True, help="Pixels each way."),
    click.option("--max-pixels", "pixels", type=click.IntRange(784), help="Its own shape, at most so many."),
    click.option("--workers", type=click.IntRange(0), default=2, show_default=True, help="Processes to decode films."),
    click.option(
        "--image-cache", "cache", type=click.Path(path_type=Path), metavar="DIR", help="Keep decoded films there."
    ),
)
