"""The JSON that a model is asked for: a schema that servers can enforce, and whether a reply fits it.

Only what is needed here: objects of which all keys are required, lists, texts, whole numbers and truth values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
}
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}


def one_of(*values: str | int) -> Schema:
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": list(values)}


def several(items: Schema, least: int = 0, most: int | None = None) -> Schema:
    limits = {"minItems": least} if most is None else {"minItems": least, "maxItems": most}
    return {"type": "array", "items": items, **limits}


def keyed(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def each(count: int, entry: Schema) -> Schema:
    """{"1": .., "2": ..}: an entry for each of `count` things, so that none is left out, doubled or made up."""
    return keyed(**{str(number): entry for number in range(1, count + 1)})


def chosen(numbers: Sequence[int]) -> Schema:
    """A list of some of these numbers, of none if there are none."""
    return several(one_of(*numbers)) if numbers else several({"type": "integer"}, 0, 0)


def misfit(value: Any, schema: Schema) -> str | None:
    """Why a value does not fit, in words that quote nothing of it: "`steps[0].kind`: not one of plan, observe"."""
    wrong = _misfit(value, schema)
    if wrong is None:
        return None
    path, reason = wrong
    return f"`{path.lstrip('.')}`: {reason}" if path else reason


def _misfit(value: Any, schema: Schema) -> tuple[str, str] | None:
    """Where it does not fit, and why."""
    kind = schema["type"]
    if type(value) is not _TYPES[kind]:
        return "", f"not {_NAMES[kind]}"
    if kind == "object":
        parts = schema["properties"]
        if missing := parts.keys() - value.keys():
            return "", f"lacks {', '.join(key for key in parts if key in missing)}"
        if len(value) > len(parts):
            return "", "holds more than was asked for"
        for key, part in parts.items():
            if wrong := _misfit(value[key], part):
                return f".{key}{wrong[0]}", wrong[1]
    elif kind == "array":
        if len(value) < schema["minItems"]:
            return "", f"holds fewer than {schema['minItems']}"
        if "maxItems" in schema and len(value) > schema["maxItems"]:
            return "", f"holds more than {schema['maxItems']}"
        items = schema["items"]
        if "enum" in items and {*map(type, value)} <= {_TYPES[items["type"]]} and {*value} <= {*items["enum"]}:
            return None  # found out at once for a list of numbers, as most are
        for index, item in enumerate(value):
            if wrong := _misfit(item, items):
                return f"[{index}]{wrong[0]}", wrong[1]
    elif "enum" in schema:
        if value not in schema["enum"]:
            return "", f"not one of {', '.join(map(str, schema['enum']))}"
    elif kind == "string" and not value.strip():
        return "", "empty"
    return None
