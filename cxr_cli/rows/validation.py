"""Is this dict the row it should be? The reason why not names the field and never the value."""

import re
from functools import cache

import msgspec

from cxr_cli.records import Row

_NAMES = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def check(row: Row, kind: type) -> str | None:
    """None when `row` is a `kind` (a TypedDict of records.py), else "field `steps[0].text`: expected a string.."."""
    try:
        msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        return _reason(str(error), kind)
    return None


def _reason(message: str, kind: type) -> str:
    message, _, path = message.partition(" - at `$")
    path = path.strip("`").lstrip(".")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", message):
        return f"field `{f'{path}.' if path else ''}{missing[1]}`: missing"
    if expected := re.match(r"Expected `([\w |]+)`, got `(\w+)`", message):
        return f"field `{path}`: expected {_names(expected[1])}, got {_names(expected[2])}"
    if " of length >= 1" in message:
        return f"field `{path}`: empty"
    choices = _choices(kind).get(path.rpartition(".")[2])  # an enum error: its message would quote the value
    return f"field `{path}`: not one of {', '.join(choices)}" if choices else f"field `{path}`: not what it should be"


def _names(types: str) -> str:
    names = [_NAMES.get(name, name) for name in types.split(" | ") if not (name == "int" and "float" in types)]
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@cache
def _choices(kind: type) -> dict[str, tuple[str, ...]]:
    """Field name -> the texts it may hold, for every field of `kind`, nested ones too, that is a choice."""
    found: dict[str, tuple[str, ...]] = {}

    def look(type_: msgspec.inspect.Type) -> None:
        match type_:
            case msgspec.inspect.TypedDictType(fields=fields):
                for field in fields:
                    held = field.type
                    for member in held.types if isinstance(held, msgspec.inspect.UnionType) else (held,):
                        if isinstance(member, msgspec.inspect.LiteralType):
                            found[field.name] = tuple(str(value) for value in member.values)
                    look(field.type)
            case msgspec.inspect.UnionType(types=types):
                for member in types:
                    look(member)
            case msgspec.inspect.ListType(item_type=item):
                look(item)

    look(msgspec.inspect.type_info(kind))
    return found
