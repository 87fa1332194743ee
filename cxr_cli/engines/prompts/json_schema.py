"""JSON schemas that servers can enforce, and the check whether a reply fits one.

The part of JSON schema that is needed here: objects with required keys alone, lists and texts with a limit, integers,
booleans. Every list and every text has a limit, so that no reply that keeps to its schema goes on for ever.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_PYTHON_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
}
LIMITS = ("minItems", "maxItems", "maxLength")
BOOLEAN: Schema = {"type": "boolean"}


def text_within(most: int) -> Schema:
    """A text of at most so many characters."""
    return {"type": "string", "maxLength": most}


def enum_of(*values: str | int) -> Schema:
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": list(values)}


def array_of(items: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def object_of(**properties: Schema) -> Schema:
    """An object with these keys, in this order: what a model is to think of first comes first."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def numbered_object(count: int, value: Schema) -> Schema:
    """{"1": .., "2": ..}: a value for each of `count` things, so that none is left out, doubled or made up."""
    return object_of(**{str(number): value for number in range(1, count + 1)})


def subset_of(numbers: Sequence[int], least: int = 0, most: int | None = None) -> Schema:
    """An array of `least` to `most` of these numbers, to all of them by default; an empty array if there are none."""
    if not numbers:
        return array_of({"type": "integer"}, 0, 0)
    return array_of(enum_of(*numbers), least, len(numbers) if most is None else min(most, len(numbers)))


def without_limits(schema: Any) -> Any:
    """The schema for a server that refuses limits on lists and texts."""
    if isinstance(schema, Mapping):
        return {key: without_limits(value) for key, value in schema.items() if key not in LIMITS}
    return schema


def misfit(value: Any, schema: Schema) -> str | None:
    """Why a value does not fit, without quoting it: "`steps[0].kind`: not one of plan, observe". None: it fits."""
    place = _misfit(value, schema)
    if place is None:
        return None
    path, reason = place
    return f"`{path.lstrip('.')}`: {reason}" if path else reason


def _misfit(value: Any, schema: Schema) -> tuple[str, str] | None:
    """The path to the part that does not fit, and why."""
    kind = schema["type"]
    if type(value) is not _PYTHON_TYPES[kind]:
        return "", f"not {_NAMES[kind]}"
    if kind == "object":
        return _object_misfit(value, schema["properties"])
    if kind == "array":
        return _array_misfit(value, schema)
    if "enum" in schema:
        return None if value in schema["enum"] else ("", f"not one of {', '.join(map(str, schema['enum']))}")
    return _text_misfit(value, schema["maxLength"]) if kind == "string" else None


def _text_misfit(value: str, most: int) -> tuple[str, str] | None:
    if not value.strip():
        return "", "empty"
    return ("", f"longer than {most} characters") if len(value) > most else None


def _object_misfit(value: dict[str, Any], properties: Mapping[str, Schema]) -> tuple[str, str] | None:
    if missing := properties.keys() - value.keys():
        return "", f"lacks {', '.join(key for key in properties if key in missing)}"
    if len(value) > len(properties):
        return "", "holds more than was asked for"
    for key, schema in properties.items():
        if inner := _misfit(value[key], schema):
            return f".{key}{inner[0]}", inner[1]
    return None


def _array_misfit(value: list[Any], schema: Schema) -> tuple[str, str] | None:
    if len(value) < schema["minItems"]:
        return "", f"holds fewer than {schema['minItems']}"
    if len(value) > schema["maxItems"]:
        return "", f"holds more than {schema['maxItems']}"
    items = schema["items"]
    if "enum" in items and {*map(type, value)} <= {_PYTHON_TYPES[items["type"]]} and {*value} <= {*items["enum"]}:
        return None  # the fast way for an array of numbers, as most are
    for index, item in enumerate(value):
        if inner := _misfit(item, items):
            return f"[{index}]{inner[0]}", inner[1]
    return None
