"""The types of a row's fields by records.py, and the cells of tables restored to them."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.inspect import DictType, FloatType, ListType, NoneType, StrType, Type, TypedDictType, UnionType, type_info

from cxr_cli.records import Row, ScoredCase

Restorer = Callable[[Any], Any]
_MISSING = object()


def restore(row: Row) -> Row:
    """A table's row with the types of records.py; the cells of other columns stay as they are.

    JSON in a text cell becomes a list or an object, a number in a text cell a number. In a table a missing key is null
    too: null stays where the field may be null, and elsewhere the key is left out.
    """
    return _without_missing({name: _RESTORERS.get(name, _unchanged)(value) for name, value in row.items()})


def _restorer(type_: Type) -> Restorer:
    members = union_members(type_)
    null = any(isinstance(member, NoneType) for member in members)
    number = any(isinstance(member, FloatType) for member in members)
    item: Restorer | None = None
    fields: dict[str, Restorer] | None = None
    other: Restorer = _unchanged
    for member in members:
        if isinstance(member, ListType):
            item = _restorer(member.item_type)
        elif isinstance(member, TypedDictType):
            fields = _fields(member)
        elif isinstance(member, DictType):
            fields, other = {}, _restorer(member.value_type)

    def restorer(value: Any) -> Any:
        if value is None or value != value:  # NaN is the null of some tables
            return None if null else _MISSING
        if isinstance(value, str):
            if (item and value.startswith("[")) or (fields is not None and value.startswith("{")):
                return _parse_json(value)
            return _parse_number(value) if number else value
        if isinstance(value, list) and item:
            return [item(element) for element in value]
        if isinstance(value, dict) and fields is not None:
            return _without_missing({name: fields.get(name, other)(element) for name, element in value.items()})
        return value

    return restorer


def _parse_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _parse_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _unchanged(value: Any) -> Any:
    return value


def _without_missing(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not _MISSING}


def union_members(type_: Type) -> tuple[Type, ...]:
    return type_.types if isinstance(type_, UnionType) else (type_,)


def _types(type_: Type) -> dict[str, Type]:
    return {field.name: field.type for field in type_.fields} if isinstance(type_, TypedDictType) else {}


def _fields(type_: Type) -> dict[str, Restorer]:
    return {name: _restorer(field) for name, field in _types(type_).items()}


_SCORED_CASE = type_info(ScoredCase)
_RESTORERS = _fields(_SCORED_CASE)
NON_TEXT_FIELDS = frozenset(  # the fields that hold a list, an object or a number, never a text
    name
    for name, type_ in _types(_SCORED_CASE).items()
    if any(isinstance(member, ListType | DictType | TypedDictType | FloatType) for member in union_members(type_))
    and not any(isinstance(member, StrType) for member in union_members(type_))
)
