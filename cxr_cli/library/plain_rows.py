"""Rows as notebooks hold them, with the values of numpy, pandas and polars, as plain rows that are checked."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import plain_value, restore
from cxr_cli.rows.validation import row_errors_named
from cxr_cli.sources.shapes import checked_row, own_shape

_FRAMES = "; the rows of a frame are frame.to_dict('records') in pandas, and frame.to_dicts() in polars"


def plain_row(row: Mapping[str, Any], kind: type) -> Row:
    """The row as a `kind`, a TypedDict of records.py: tuples and arrays as lists, numbers of numpy as Python's; NaN, NA
    and NaT are null, and left out where a field cannot be null, as None is. A Series of pandas is a row too. Raises
    RowError."""
    if not isinstance(row, Mapping):
        row = row.to_dict() if hasattr(row, "to_dict") else row
    if not isinstance(row, Mapping):
        raise RowError("row", f"expected a dict, got {type(row).__name__}{_FRAMES if _is_column(row) else ''}")
    pairs = [(str(name), value, plain_value(value)) for name, value in row.items()]
    plain = {name: new for name, _, new in pairs}
    if odd := next((name for name, new in plain.items() if _is_odd(new) and name in kind.__annotations__), None):
        raise RowError("row", f"field `{odd}`: expected a list, got {type(plain[odd]).__name__}")
    if any(new is not value for _, value, new in pairs):  # it comes from a table
        plain = restore(plain)
    with row_errors_named("row", plain.get("id")):
        return checked_row(own_shape(plain, "row"), kind)


def each_row(name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows, one by one. CxrError: they are one row, one text, or none at all. name: of the argument."""
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable) or _is_frame(rows):
        advice = _FRAMES if _is_frame(rows) else ""
        raise CxrError(f"{name}: expected rows, as a list or an iterator, got {type(rows).__name__}{advice}")
    return iter(rows)


def with_own_values(case: Row, study: Row) -> Row:
    """The case with copies of what it has of the study: a change of its `images` is none of the next case's."""
    return {name: _copied(value) if value is study.get(name) else value for name, value in case.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [*map(_copied, value)] if isinstance(value, list) else value


def _is_odd(value: object) -> bool:
    """Has it no order, or no truth value? As a field it would be misread."""
    return isinstance(value, set | frozenset) or _is_frame(value)


def _is_frame(value: object) -> bool:
    return type(value).__name__ == "DataFrame"


def _is_column(row: object) -> bool:
    """Is it what a loop over a frame gives?"""
    return isinstance(row, str) or type(row).__name__ == "Series"


def text_or_empty(text: Any) -> str:
    """The text; "" for None, NaN and NA. RowError: it is no text."""
    text = plain_value(text)
    if not isinstance(text, str | None):
        raise RowError("text", f"expected a string, got {type(text).__name__}")
    return text or ""
