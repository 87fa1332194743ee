"""The films of a case, and how those of a run are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxr_cli.images.prefetch import Decoded, decoded
from cxr_cli.images.sizes import Size, Square
from cxr_cli.records import Row


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


def films_of(row: Mapping[str, Any]) -> list[str]:
    """The films of a case in the order in which a model sees them: for a temporal question the prior's come first."""
    from cxr_cli.tasks import task_of  # here, since processes that only decode need none of it

    return task_of(row).films(row)
