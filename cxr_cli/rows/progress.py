"""Progress on stderr, for the person at the terminal."""

import sys
from collections.abc import Iterator

from cxr_cli.rows.files.formats import Item
from cxr_cli.rows.files.reading import Source


def with_progress(source: Source) -> Iterator[Item]:
    """The items of `source`, with a counter on stderr if that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return source.items()
    from tqdm import tqdm

    return iter(tqdm(source.items(), desc=source.name, unit=" rows", leave=False))
