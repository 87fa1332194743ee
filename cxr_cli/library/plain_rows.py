"""Rows as notebooks hold them, with the values of numpy and pandas, as plain rows that are checked."""

from collections.abc import Mapping
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files.json_text import HALF_CHARACTER
from cxr_cli.rows.validation import check_row
from cxr_cli.sources.shapes import own_shape

_NA_TYPES = ("NAType", "NaTType")  # of pandas, which need not be installed


def plain_row(row: Mapping[str, Any], kind: type) -> Row:
    """The row as a `kind`, a TypedDict of records.py: arrays as lists, numbers of numpy as Python's; NaN, NA and NaT
    are null, or left out where a field cannot be null. Raises RowError."""
    if not isinstance(row, Mapping):
        raise RowError("row", f"expected an object, got {type(row).__name__}")
    plain: Row = {str(name): plain_value(value) for name, value in row.items()}
    if any(plain[name] is not value for name, value in row.items()):  # it comes from a table
        plain = restore(plain)
    try:
        plain = own_shape(plain, "row")
        reason = check_row(plain, kind)
    except RowError as error:
        reason = error.reason
    except UnicodeEncodeError:
        reason = HALF_CHARACTER
    if reason:
        id = plain.get("id")
        raise RowError("row", reason, id=id if isinstance(id, str) else None)
    return plain


def text_or_empty(text: Any) -> str:
    """The text; "" for None, NaN and NA. RowError: it is no text."""
    text = plain_value(text)
    if not isinstance(text, str | None):
        raise RowError("text", f"expected a string, got {type(text).__name__}")
    return text or ""


def plain_value(value: Any) -> Any:
    """A value of a row as Python has it; the same object where nothing in it is of numpy or pandas."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return None if value != value else value if type(value) is float else float(value)
    if type(value).__name__ in _NA_TYPES:
        return None
    if isinstance(value, list):
        items = [plain_value(item) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        pairs = {name: plain_value(item) for name, item in value.items()}
        return pairs if any(pairs[name] is not item for name, item in value.items()) else value
    if hasattr(value, "tolist"):  # an array of numpy, or one of its numbers
        return plain_value(value.tolist())
    return value
