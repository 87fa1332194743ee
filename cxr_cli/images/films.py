"""The films of a row, and how the films of a run are decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxr_cli.images.sizes import Size, Square


@dataclass(frozen=True)
class Films:
    """root: the folder that relative paths start from. size: of the images, None for the film's own.

    workers: processes that decode ahead; 0 decodes in this one. cache: a folder for decoded images.
    """

    root: Path | None = None
    size: Size | None = field(default_factory=Square)
    workers: int = 2
    cache: Path | None = None


def films_of(row: Mapping[str, Any]) -> list[str]:
    """The films of a case in the order in which a model sees them: for a temporal question the prior's come first."""
    from cxr_cli.tasks.task_table import task_of  # here, since processes that only decode need none of it

    return task_of(row).films(row)
