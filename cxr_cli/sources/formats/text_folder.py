"""A folder of reports, one .txt file each, in subfolders too.

reports/p10/s1.txt  ->  {"id": "p10/s1", "report": "FINDINGS: ...", "source": "reports"}
"""

import os
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.files.lines import escaped_text, text_problem


def find(name: str) -> Source:
    """Raises CxrError for a folder without .txt files."""
    folder = Path(name)
    if next(_text_files(folder), None) is None:
        raise CxrError(f"{name}: no .txt reports in this folder")
    return Source(name, lambda: _reports(folder))


def _reports(folder: Path) -> Iterator[Item]:
    for path in _text_files(folder):
        report, reason = read_text(path)
        if reason:
            yield str(path), report, reason
        else:
            id = path.relative_to(folder).with_suffix("").as_posix()
            yield str(path), {"id": id, "report": report, "source": folder.resolve().name}, None


def read_text(path: Path) -> tuple[str | None, str | None]:
    """The report, None if it is blank, and None. Of a file that is not text: what could be read, and the reason."""
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if reason := text_problem(content):
        return escaped_text(content), reason
    return "\n".join(content.decode().splitlines()).strip() or None, None


def _text_files(folder: Path) -> Iterator[Path]:
    """Sorted in each folder, its own files before those of its subfolders."""
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(parent, file) for file in sorted(files) if file.lower().endswith(".txt"))
