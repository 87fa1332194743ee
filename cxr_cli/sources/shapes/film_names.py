"""How films are named in rows of other tools: a path, an object with it, a URL of a file."""

from collections.abc import Mapping
from typing import Any

from cxr_cli.errors import RowError

_NAME_KEYS = ("path", "image", "url", "image_url")


def film_name(value: Any, field: str) -> Any:
    """The path of a film that is one, or an object such as {"path": .., "bytes": null}; of an object of nulls None,
    and anything else as it is.

    field: that holds it. RowError: it is the film itself, as text or bytes, which would be lost.
    """
    if isinstance(value, Mapping):
        if not any(value.values()):
            return None
        inner = next((value[key] for key in _NAME_KEYS if value.get(key)), None)
        if inner is not None and not value.get("bytes"):
            return film_name(inner, field)
    if isinstance(value, Mapping) or (isinstance(value, str) and value.startswith("data:")):
        raise RowError(
            "", f"field `{field}`: it holds a film itself, as text or bytes: save it as a file, and give its path"
        )
    return value.removeprefix("file://") if isinstance(value, str) else value
