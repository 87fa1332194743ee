"""The JSON that a model is asked for: a schema that servers can enforce, and whether a reply fits it.

Only what is needed here: objects of which all keys are required, lists, texts, whole numbers and truth values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

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


def numbered(count: int, each: Schema) -> Schema:
    """{"1": .., "2": ..}: one entry for each of `count` things, so that none is left out, doubled or made up."""
    return keyed(**{str(number): each for number in range(1, count + 1)})


def chosen(numbers: Sequence[int]) -> Schema:
    """A list of some of these numbers, of none if there are none."""
    return several(one_of(*numbers)) if numbers else several({"type": "integer"}, 0, 0)


def misfit(value: Any, schema: Schema, at: str = "") -> str | None:
    """Why a value does not fit, in words that quote nothing of it: "`steps[0].kind`: not one of plan, observe"."""
    if reason := _misfit(value, schema):
        return f"`{at}`: {reason}" if at else reason
    if isinstance(value, dict):
        inner = ((value[key], part, f"{at}.{key}" if at else key) for key, part in schema["properties"].items())
    elif isinstance(value, list):
        inner = ((item, schema["items"], f"{at}[{index}]") for index, item in enumerate(value))
    else:
        return None
    return next(filter(None, (misfit(*each) for each in inner)), None)


def _misfit(value: Any, schema: Schema) -> str | None:
    """Of the value itself, not of what it holds."""
    match schema["type"]:
        case "object":
            if not isinstance(value, dict):
                return "not an object"
            if missing := [key for key in schema["properties"] if key not in value]:
                return f"lacks {', '.join(missing)}"
            return "holds more than was asked for" if len(value) > len(schema["properties"]) else None
        case "array":
            if not isinstance(value, list):
                return "not a list"
            if len(value) < schema["minItems"]:
                return f"holds fewer than {schema['minItems']}"
            most = schema.get("maxItems", len(value))
            return f"holds more than {most}" if len(value) > most else None
        case "string":
            if not isinstance(value, str):
                return "not a text"
            if not value.strip():
                return "empty"
        case "integer":
            if type(value) is not int:
                return "not a whole number"
        case "boolean":
            return None if isinstance(value, bool) else "not true or false"
    if "enum" in schema and value not in schema["enum"]:
        return f"not one of {', '.join(map(str, schema['enum']))}"
    return None
