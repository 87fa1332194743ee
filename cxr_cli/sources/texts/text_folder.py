"""A folder of reports, one .txt file each, also in folders within it.

reports/p10/s1.txt  ->  {"id": "p10/s1", "report": "FINDINGS: ...", "source": "reports"}
"""

import os
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.files.lines import as_text, why_no_text


def find(name: str) -> Source:
    """Raises CxrError when there is no .txt file in it."""
    folder = Path(name)
    if next(_paths(folder), None) is None:
        raise CxrError(f"{name}: no .txt reports in this folder")
    return Source(name, lambda: _items(folder))


def _items(folder: Path) -> Iterator[Item]:
    for path in _paths(folder):
        report, reason = read(path)
        if reason:
            yield str(path), report, reason
        else:
            id = path.relative_to(folder).with_suffix("").as_posix()
            yield str(path), {"id": id, "report": report, "source": folder.resolve().name}, None


def read(path: Path) -> tuple[str | None, str | None]:
    """A report, None if it is blank, and None; of a file that is no text what could be read of it, and the reason."""
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if reason := why_no_text(content):
        return as_text(content), reason
    return "\n".join(content.decode().splitlines()).strip() or None, None


def _paths(folder: Path) -> Iterator[Path]:
    """Sorted within each folder, its own files first."""
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(parent, file) for file in sorted(files) if file.lower().endswith(".txt"))
