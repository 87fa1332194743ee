"""How films are read: the flags of every stage that shows a model images."""

from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

Command = Callable[..., None]


def films(command: Command) -> Command:
    """The flags of how films are read: they reach the command as `films`, a Films."""

    def wrapper(*given: Any, root: Path | None, side: int, pixels: int | None, workers: int, **named: Any) -> None:
        from cxr_cli.images import Budget, Films, Square

        size = Square(side) if pixels is None else Budget(pixels)
        command(*given, films=Films(root, size, workers, named.pop("kept")), **named)

    wrapped = update_wrapper(wrapper, command)
    for option in reversed(_FILMS):
        wrapped = option(wrapped)
    return wrapped


root = click.option(
    "--images",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="ROOT",
    help="The folder that the paths of films start from.  [default: here]",
)
_FILMS = (
    root,
    click.option("--size", "side", type=click.IntRange(28), default=448, show_default=True, help="Pixels each way."),
    click.option("--max-pixels", "pixels", type=click.IntRange(784), help="Its own shape, at most so many."),
    click.option("--workers", type=click.IntRange(0), default=2, show_default=True, help="Processes to decode films."),
    click.option(
        "--image-cache", "kept", type=click.Path(path_type=Path), metavar="DIR", help="Keep decoded films there."
    ),
)
