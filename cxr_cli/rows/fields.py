"""The types of a row's fields by records.py, and the cells of tables restored to them."""

import ast
import json
import re
from collections.abc import Callable
from functools import cache, partial
from math import isfinite
from typing import Any

from msgspec.inspect import DictType, FloatType, ListType, NoneType, StrType, Type, TypedDictType, UnionType, type_info

from cxr_cli.records import Row, ScoredCase
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.json_text import number_of

Restorer = Callable[[Any], Any]
_MISSING = object()
_NA_TYPES = ("NAType", "NaTType")  # of pandas, which need not be installed
_AS_PLAIN = ("tolist", "to_list", "to_pylist", "as_py")  # of arrays and their numbers: numpy, pandas, polars, Arrow
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_LONGEST_LIST = 100_000  # characters of a Python list in a cell


def plain_value(value: Any) -> Any:
    """A value of a row as JSON has it; the same object where nothing in it is a tuple, or of numpy, pandas, polars or
    Arrow."""
    if value is None or isinstance(value, int) or type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return None if value != value else value if type(value) in (float, json_text.ExactNumber) else float(value)
    if type(value).__name__ in _NA_TYPES:
        return None
    if isinstance(value, list | tuple):
        items = [plain_value(item) for item in value]
        same = isinstance(value, list) and all(a is b for a, b in zip(items, value, strict=True))
        return value if same else items
    if isinstance(value, dict):
        pairs = {name: plain_value(item) for name, item in value.items()}
        return pairs if any(pairs[name] is not item for name, item in value.items()) else value
    as_plain = next((method for name in _AS_PLAIN if (method := getattr(value, name, None))), None)
    return value if as_plain is None or isinstance(value, type) else plain_value(as_plain())


def restore(row: Row) -> Row:
    """A table's row with the types of records.py; the cells of other columns stay as they are.

    JSON in a text cell becomes a list or an object, a number in a text cell a number. In a table a missing key is null
    too: null stays where the field may be null, and elsewhere the key is left out.
    """
    return _without_missing({name: _RESTORERS.get(name, _unchanged)(value) for name, value in row.items()})


def without_forbidden_nulls(row: Row) -> Row:
    """The row without the keys that are null where the field may not be: other tools write null for a missing key."""
    droppers = _null_droppers()
    return _without_missing({name: droppers.get(name, _unchanged)(value) for name, value in row.items()})


def with_texts(row: Row) -> Row:
    """The row with `id`, `prediction` and `answer` as texts where they are numbers or truth values: 1 -> "1"."""
    numbers = {
        name: _cell_text(value)
        for name in ("prediction", "answer", "label")
        if (value := row.get(name)) is not None and not isinstance(value, str) and _has_number(value)
    }
    if type(row.get("id")) is int:
        numbers["id"] = str(row["id"])
    return {**row, **numbers} if numbers else row


def _has_number(value: Any) -> bool:
    return any(isinstance(part, int | float) for part in (value if isinstance(value, list) else [value]))


def _cell_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_cell_text(part) for part in value]
    if value != value:  # NaN is the null of some tables
        return None
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(value) if isinstance(value, int | float) else value


def _restorer(type_: Type, *, cells: bool = True) -> Restorer:
    """cells: is a text perhaps a list, an object or a number, as in the cell of a table?"""
    members = union_members(type_)
    null = any(isinstance(member, NoneType) for member in members)
    number = any(isinstance(member, FloatType) for member in members)
    item: Restorer | None = None
    fields: dict[str, Restorer] | None = None
    other: Restorer = _unchanged
    for member in members:
        if isinstance(member, ListType):
            item = _restorer(member.item_type, cells=cells)
        elif isinstance(member, TypedDictType):
            fields = _fields(member, cells=cells)
        elif isinstance(member, DictType):
            fields, other = {}, _restorer(member.value_type, cells=cells)

    def restorer(value: Any) -> Any:
        if value is None or value != value:  # NaN is the null of some tables
            return None if null else _MISSING
        if isinstance(value, str) and cells:
            if item and value.startswith("["):
                return _parse_list(value)
            if fields is not None and value.startswith("{"):
                return json_text.parsed_text(value)
            return _parse_number(value) if number else value
        if isinstance(value, list) and item:
            return [None if element is None else item(element) for element in value]
        if isinstance(value, dict) and fields is not None:
            return _without_missing({name: fields.get(name, other)(element) for name, element in value.items()})
        return value

    return restorer


def _parse_list(text: str) -> Any:
    """JSON's list in a cell, or Python's."""
    value = json_text.parsed_text(text)
    if not isinstance(value, str):
        return value
    try:
        value = ast.literal_eval(text) if len(text) <= _LONGEST_LIST else text
        return json_text.decode(json.dumps(value, allow_nan=False).encode()) if isinstance(value, list) else text
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def _restore_options(value: Any) -> Any:
    """Options in a cell: a list, or texts between `|`, `;` or line ends: "Yes|No"."""
    value = _restore_list(value)
    mark = next((mark for mark in "|;\n" if isinstance(value, str) and mark in value), None)
    return [part.strip() for part in value.split(mark) if part.strip()] if mark else value


def _parse_number(text: str) -> Any:
    """A number in a cell; "0,5" too, but not "1,234", which may be a thousand or one and a bit."""
    if (comma := _DECIMAL_COMMA.fullmatch(text)) and (len(comma[2]) != 3 or int(comma[1]) == 0):
        text = f"{comma[1]}.{comma[2]}"
    try:
        number = number_of(text)
    except ValueError:
        return text
    return number if isfinite(number) else text


def _unchanged(value: Any) -> Any:
    return value


def _without_missing(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not _MISSING}


def union_members(type_: Type) -> tuple[Type, ...]:
    return type_.types if isinstance(type_, UnionType) else (type_,)


def _fields(type_: TypedDictType, *, cells: bool = True) -> dict[str, Restorer]:
    """Those that a row must have stay as they are where there are no cells: an error says that they are null."""
    return {field.name: _restorer(field.type, cells=cells) for field in type_.fields if cells or not field.required}


_SCORED_CASE = type_info(ScoredCase)
assert isinstance(_SCORED_CASE, TypedDictType)
_null_droppers = cache(partial(_fields, _SCORED_CASE, cells=False))  # few files need them
_RESTORERS = _fields(_SCORED_CASE)
_restore_list = _RESTORERS["options"]
_RESTORERS["options"] = _restore_options
NON_TEXT_FIELDS = frozenset(  # the fields that hold a list, an object or a number, never a text
    field.name
    for field in _SCORED_CASE.fields
    if any(isinstance(member, ListType | DictType | TypedDictType | FloatType) for member in union_members(field.type))
    and not any(isinstance(member, StrType) for member in union_members(field.type))
)
