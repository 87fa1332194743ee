"""Files that a run would both read and write: they are refused before anything is opened."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.reading import Source


def check_overlap(outputs: Iterable[Path | None], sources: Iterable[Source], protected: Iterable[str] = ()) -> None:
    """CxrError for a file that would be both read and written, or written twice, under whatever name.

    outputs: None is standard output. protected: files besides the sources that must not be overwritten.
    """
    paths = [path for path in outputs if path]
    used = _files_in_use(sources, protected)
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise _overwritten(paths[0])
    for path in paths:
        if path.is_file() and any(os.path.samestat(path.stat(), other) for other in used):
            raise _overwritten(path)


def _files_in_use(sources: Iterable[Source], protected: Iterable[str]) -> list[os.stat_result]:
    sources = list(sources)
    used = [os.stat(source.path) for source in sources if source.path]
    used += [os.stat(path) for path in protected if os.path.exists(path)]
    if any(source.name == "stdin" for source in sources) and sys.stdin is not None:
        with suppress(OSError, ValueError):
            used.append(os.fstat(sys.stdin.fileno()))
    return used


def _overwritten(path: Path) -> CxrError:
    return CxrError(f"{path}: would be written over while it is read or written; choose another name")
