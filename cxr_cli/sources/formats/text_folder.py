"""A folder of reports, one .txt file each, in subfolders too.

reports/p10/s1.txt  ->  {"id": "p10/s1", "report": "FINDINGS: ...", "source": "reports"}
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.files.lines import LONGEST_LINE, is_utf8, whole_text
from cxr_cli.sources.formats.folder_walk import files_in


def find(name: str) -> Source:
    """Raises CxrError for a folder without .txt files."""
    folder = Path(name)
    if next(files_in(folder, (".txt",)), None) is None:
        raise CxrError(f"{name}: no .txt reports in this folder")
    return Source(name, lambda: _reports(folder))


def _reports(folder: Path) -> Iterator[Item]:
    for path in files_in(folder, (".txt",)):
        report, reason = read_text(path)
        id = path.relative_to(folder).with_suffix("").as_posix()
        if reason is None and not is_utf8(id):
            reason = "the name of the file is not UTF-8: rename it"
        if reason:
            yield str(path), report, reason
        else:
            yield str(path), {"id": id, "report": report, "source": folder.resolve().name}, None


def read_text(path: Path) -> tuple[str | None, str | None]:
    """The report, None if it is blank, and None. Of a file that is not text: what could be read, and the reason."""
    if not path.is_file():
        return None, "no file that can be read"
    if path.stat().st_size > LONGEST_LINE:
        return None, f"a report of more than {LONGEST_LINE >> 20} MB"
    text, reason = whole_text(path.read_bytes())
    return (text, reason) if reason else ("\n".join(text.splitlines()).strip() or None, None)
