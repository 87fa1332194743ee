"""`--map id=uid,report=findings+impression`: rows with other names become rows with ours."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.records import Row
from cxr_cli.rows.fields import NON_TEXT_FIELDS

Names = Mapping[str, Sequence[str]]  # our name -> the columns that make it


def parse(texts: Iterable[str]) -> dict[str, list[str]]:
    """["id=uid,report=findings+impression"] -> {"id": ["uid"], "report": ["findings", "impression"]}.

    Raises ValueError, worded for a person.
    """
    names: dict[str, list[str]] = {}
    for part in ",".join(texts).split(","):
        target, equals, columns = (piece.strip() for piece in part.partition("="))
        sources = [column.strip() for column in columns.split("+")]
        if not (target and equals and all(sources)):
            raise ValueError(f"`{part.strip()}` is not NAME=COLUMN or NAME=COLUMN+COLUMN")
        if target in names:
            raise ValueError(f"`{target}` is named twice")
        names[target] = sources
    for target in names:
        outer, dot, _ = target.partition(".")
        if dot and outer in names:
            raise ValueError(f"`{outer}` is named twice, whole and in part")
    return names


_NAME = re.compile(r"[\w/()\[\]#-]{1,40}(?: [\w/()\[\]#-]{1,40}){0,3}")


class Mapper:
    """Renames the keys of the rows of one source; the keys it read stay, unless they would be in the way.

    `labels.edema=oedema` makes {"labels": {"edema": ..}}, and `images=frontal+lateral` a list of paths.

    In the way is a text under a name that later stages use for a list or an object: Open-i's column `findings` is the
    text of a section, a Case's `findings` is a list of names.
    """

    def __init__(self, names: Names, source: str, *, table: bool) -> None:
        self._names, self._source, self._table = names, source, table
        self._unseen = {column for columns in names.values() for column in columns}
        self._columns: list[str] | None = None

    def __call__(self, row: Row) -> Row:
        """Raises CxrError when the first row lacks a column: of a table any, of JSONL all that make up one name."""
        if self._columns is None:
            self._columns = list(row)
            enough = all if self._table else any
            for columns in self._names.values():
                if not enough(column in row for column in columns):
                    raise self._no(next(column for column in columns if column not in row))
        if self._unseen:
            self._unseen.difference_update(row)
        here = {name: columns for name, columns in self._names.items() if any(column in row for column in columns)}
        mapped: Row = {}
        for name, columns in here.items():
            outer, dot, inner = name.partition(".")
            place, key = (mapped.setdefault(outer, {}), inner) if dot else (mapped, name)
            place[key] = _paths(row, columns) if key == "images" else _join(row, columns)
        used = {column for columns in self._names.values() for column in columns if column in NON_TEXT_FIELDS}
        rest = {k: v for k, v in row.items() if k not in mapped and not (k in used and isinstance(v, str | None))}
        return mapped | rest

    def finish(self) -> None:
        """Raises CxrError for a column that no row had."""
        if self._columns is not None and self._unseen:
            raise self._no(min(self._unseen))

    def _no(self, column: str) -> CxrError:
        columns = self._columns or []
        if not all(map(_NAME.fullmatch, columns)):  # a table without a header: its first row is somebody's report
            return CxrError(f"--map: {self._source} has no column `{column}`: does its first line hold the names?")
        return CxrError(f"--map: {self._source} has no column `{column}`; it has: {', '.join(columns)}")


def _paths(row: Row, columns: Sequence[str]) -> Any:
    """Films named in columns of their own as a list, blank ones left out; a list, also as JSON text, as it is."""
    values = [row[column] for column in columns if row.get(column)]
    plain = all(isinstance(value, str) and not value.startswith("[") for value in values)
    return values if plain or len(values) != 1 else values[0]


def _join(row: Row, columns: Sequence[str]) -> Any:
    """One column as it is; several as sections under their names, blank ones left out; None when all are blank."""
    if len(columns) == 1:
        return row[columns[0]]
    values = {column: row.get(column) for column in columns}
    for value in values.values():
        if isinstance(value, list | dict):
            return value  # no text: the check that follows names the field
    return join_sections(values)


def join_sections(values: Mapping[str, Any]) -> str | None:
    """{"findings": "Clear.", "impression": ""}  ->  "FINDINGS: Clear."; None when all are blank."""
    texts = {name: str(value).strip() for name, value in values.items() if value is not None}
    return "\n".join(f"{name.replace('_', ' ').upper()}: {text}" for name, text in texts.items() if text) or None
