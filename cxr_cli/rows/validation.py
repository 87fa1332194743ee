"""Checks rows against the types of records.py. The reason names the field and never the value."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
from msgspec.inspect import ListType, LiteralType, Type, TypedDictType, type_info

from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import union_members, without_forbidden_nulls
from cxr_cli.rows.files.json_text import HALF_CHARACTER, ExactNumber

_TYPE_NAMES = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


_BOUNDS = {">=": "of at least", ">": "above", "<=": "of at most", "<": "below"}


def check_row(row: Row, kind: type) -> str | None:
    """Why `row` is not a `kind`, a TypedDict of records.py: "field `steps[0].text`: expected a string.."; else None."""
    try:
        msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        if "got `ExactNumber`" in str(error):
            return check_row(_with_floats(row), kind)
        return _schema_reason(str(error), kind)
    return None


def check_and_clean(row: Row, kind: type) -> tuple[Row, str | None]:
    """The row, and why it is not a `kind`. Nulls where a field may not be null, which other tools write for a missing
    key, are left out."""
    reason = check_row(row, kind)
    if reason and reason.endswith("got null"):
        row = without_forbidden_nulls(row)
        reason = check_row(row, kind)
    return row, reason


@contextmanager
def row_errors_named(where: str, id: object) -> Iterator[None]:
    """Around work on a row that comes from no file: its RowError has this place and, if that is a text, this id. So has
    the error of a text that holds half a character."""
    id = id if isinstance(id, str) else None
    try:
        yield
    except RowError as error:
        raise RowError(where, error.reason, id=id) from error
    except UnicodeEncodeError:
        raise RowError(where, HALF_CHARACTER, id=id) from None


def _with_floats(value: Any) -> Any:
    """The value with plain floats in the place of ExactNumbers, which are numbers too."""
    if isinstance(value, dict):
        return {key: _with_floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_floats(inner) for inner in value]
    return float(value) if isinstance(value, ExactNumber) else value


def _schema_reason(message: str, kind: type) -> str:
    message, _, path = message.partition(" - at `$")
    path = path.strip("`").lstrip(".")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", message):
        return f"field `{f'{path}.' if path else ''}{missing[1]}`: missing"
    if expected := re.match(r"Expected `([\w |]+)`, got `(\w+)`", message):
        return f"field `{path}`: expected {_type_names(expected[1])}, got {_type_names(expected[2])}"
    if bound := re.match(r"Expected `(\w+)` ([<>]=?) (\S+)", message):
        return f"field `{path}`: expected {_type_names(bound[1])} {_BOUNDS[bound[2]]} {float(bound[3]):,.10g}"
    if " of length >= 1" in message:
        return f"field `{path}`: empty"
    if " of length <= " in message:
        return f"field `{path}`: longer than {message.rpartition(' ')[2]} characters"
    choices = _field_choices(kind).get(path.rpartition(".")[2])  # a wrong choice, whose message would quote the value
    return f"field `{path}`: not one of {', '.join(choices)}" if choices else f"field `{path}`: not valid"


def _type_names(types: str) -> str:
    names = [_TYPE_NAMES.get(name, name) for name in types.split(" | ") if not (name == "int" and "float" in types)]
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@cache
def _field_choices(kind: type) -> dict[str, tuple[str, ...]]:
    """Field name -> the texts it may hold, for all fields of `kind`, nested ones too, that are a choice of texts."""
    choices: dict[str, tuple[str, ...]] = {}
    _collect_choices(type_info(kind), choices)
    return choices


def _collect_choices(type_: Type, choices: dict[str, tuple[str, ...]]) -> None:
    for member in union_members(type_):
        match member:
            case TypedDictType(fields=fields):
                for field in fields:
                    for choice in union_members(field.type):
                        if isinstance(choice, LiteralType):
                            choices[field.name] = tuple(map(str, choice.values))
                    _collect_choices(field.type, choices)
            case ListType(item_type=item):
                _collect_choices(item, choices)
