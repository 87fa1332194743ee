"""A folder of reports, one .txt file each, also in folders within it.

reports/p10/s1.txt  ->  {"id": "p10/s1", "report": "FINDINGS: ...", "source": "reports"}
"""

import os
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.reading import as_text, why_no_text


def find(name: str) -> Source:
    """Raises CxrError when there is no .txt file in it."""
    folder = Path(name)
    if next(_paths(folder), None) is None:
        raise CxrError(f"{name}: no .txt reports in this folder")
    return Source(name, lambda: _items(folder))


def _items(folder: Path) -> Iterator[Item]:
    for path in _paths(folder):
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        if reason := why_no_text(content):
            yield str(path), as_text(content), reason
        else:
            id = path.relative_to(folder).with_suffix("").as_posix()
            report = "\n".join(content.decode().splitlines()).strip()
            yield str(path), {"id": id, "report": report or None, "source": folder.resolve().name}, None


def _paths(folder: Path) -> Iterator[Path]:
    """Sorted within each folder, its own files first."""
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(parent, file) for file in sorted(files) if file.lower().endswith(".txt"))
