"""Rows as notebooks hold them, with the values of numpy and pandas, as plain rows that are checked."""

from collections.abc import Mapping
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import plain_value, restore
from cxr_cli.rows.files.json_text import HALF_CHARACTER
from cxr_cli.rows.validation import check_and_clean
from cxr_cli.sources.shapes import own_shape

_FRAMES = "; the rows of a frame are frame.to_dict('records') in pandas, and frame.to_dicts() in polars"


def plain_row(row: Mapping[str, Any], kind: type) -> Row:
    """The row as a `kind`, a TypedDict of records.py: arrays as lists, numbers of numpy as Python's; NaN, NA and NaT
    are null, and left out where a field cannot be null, as None is. A Series of pandas is a row too. Raises
    RowError."""
    if not isinstance(row, Mapping):
        row = row.to_dict() if hasattr(row, "to_dict") else row
    if not isinstance(row, Mapping):
        raise RowError("row", f"expected an object, got {type(row).__name__}{_FRAMES if _is_column(row) else ''}")
    plain: Row = {str(name): plain_value(value) for name, value in row.items()}
    if any(plain[name] is not value for name, value in row.items()):  # it comes from a table
        plain = restore(plain)
    try:
        plain, reason = check_and_clean(own_shape(plain, "row"), kind)
    except RowError as error:
        reason = error.reason
    except UnicodeEncodeError:
        reason = HALF_CHARACTER
    if reason:
        id = plain.get("id")
        raise RowError("row", reason, id=id if isinstance(id, str) else None)
    return plain


def _is_column(row: object) -> bool:
    """Is it what a loop over a frame gives?"""
    return isinstance(row, str) or type(row).__name__ == "Series"


def text_or_empty(text: Any) -> str:
    """The text; "" for None, NaN and NA. RowError: it is no text."""
    text = plain_value(text)
    if not isinstance(text, str | None):
        raise RowError("text", f"expected a string, got {type(text).__name__}")
    return text or ""
