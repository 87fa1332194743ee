"""Plain texts to score: a .txt file with one text a line, or a folder of .txt files.

generated.txt  ->  {"id": "1", "prediction": "Lungs clear."}, {"id": "2", ...
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli import sources
from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.files.lines import LineReader, escaped_text, text_problem
from cxr_cli.sources.formats import text_folder


def find(name: str) -> Source:
    """What `cxr score` accepts as INPUT: rows, as every command does, and plain texts as predictions."""
    return _source("prediction", name)


def references(name: str) -> dict[str, str | None]:
    """id -> reference report, from a .txt file (id: the line number), a folder of .txt files, or rows with `report`."""
    texts = {}
    for where, row, reason in _source("report", name).items():
        if reason is None and not (isinstance(row, dict) and isinstance(row.get("id"), str)):
            reason = "field `id`: missing"
        if reason is not None:
            raise RowError(where, reason)
        texts[row["id"]] = row.get("report")
    return texts


def _source(key: str, name: str) -> Source:
    path = Path(name)
    if name and path.is_dir() and not sources.has_rows(path):
        folder = text_folder.find(name)
        return Source(
            name,
            lambda: (
                (where, {"id": row["id"], key: row["report"] or ""} if reason is None else row, reason)
                for where, row, reason in folder.items()
            ),
        )
    if name.lower().endswith(".txt"):
        if not path.exists():
            raise CxrError(f"{name}: no such file")
        return Source(name, lambda: _line_rows(path, key), path=path)
    return sources.find_rows(name)


def _line_rows(path: Path, key: str) -> Iterator[Item]:
    lines = LineReader(path.open("rb"), str(path))
    for line in lines:
        where = f"{path}:{lines.number}"
        if reason := text_problem(line):
            yield where, escaped_text(line), reason
        else:
            text = line.decode().removeprefix("\ufeff").strip()
            yield where, {"id": str(lines.number), key: text}, None
