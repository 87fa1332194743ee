"""What can be wrong with the files of a model, as errors of one line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError

_LONGEST_MESSAGE = 200  # characters of a library's message


@contextmanager
def reported(model: str, part: str) -> Iterator[None]:
    """Turns what a library raises about the files of a model into a CxrError: "MODEL: its PART cannot be loaded: ..".

    Any error of a library is meant: what the files hold is a stranger's, and so are the ways in which they are wrong.
    """
    try:
        yield
    except (CxrError, ModuleNotFoundError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":
            raise
        raise CxrError(f"{model}: its {part} cannot be loaded: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = str(error)
    if "trust_remote_code" in text or "custom code" in text:
        return "it needs code that comes with it, which is never run"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words[:_LONGEST_MESSAGE] or type(error).__name__


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a model."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CxrError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CxrError(f"{path} is not JSON that can be read") from error
    if not isinstance(content, dict):
        raise CxrError(f"{path} is not a JSON object")
    return content
