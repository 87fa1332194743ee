"""How far a run is, for a person at a terminal."""

import sys
from collections.abc import Iterator

from cxr_cli.rows.reading import Item, Source


def with_progress(source: Source) -> Iterator[Item]:
    """The items of `source`, counted on stderr when that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return source.items()
    from tqdm import tqdm

    return iter(tqdm(source.items(), desc=source.name, unit=" rows", leave=False))
