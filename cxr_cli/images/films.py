"""How the films of a run are read, as one setting that stages hand around."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxr_cli.images.ahead import Decoded, decoded
from cxr_cli.images.sizes import Size, Square
from cxr_cli.rows.row import Row


@dataclass(frozen=True)
class Films:
    """root: the folder that relative paths start from. workers: processes that decode ahead; 0 decodes in this one.

    cache: a folder that keeps what was decoded.
    """

    root: Path | None = None
    size: Size = field(default_factory=Square)
    workers: int = 2
    cache: Path | None = None

    def decoded(self, rows: Iterable[Row], paths: Callable[[Row], Sequence[str]]) -> Iterator[Decoded]:
        """Each row with its pictures, in order; see `images.decoded`."""
        return decoded(rows, self.root, self.size, self.workers, paths=paths, cache=self.cache)
