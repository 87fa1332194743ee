"""What the models of several files are called."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError

_ENDINGS = re.compile(r"(?:\.(?:jsonl|ndjson|csv|parquet|txt))?(?:\.(?:gz|zst))?$", re.I)


class Input(NamedTuple):
    """A file of answers. name: of its model. given: by the user, for all of its rows."""

    path: str
    name: str
    given: bool = False

    def model(self, row: Mapping[str, Any]) -> str:
        """Who answered the row: what the user says, else a plain name in `answered_by` (a signature is none), else the
        file's name."""
        by = row.get("answered_by")
        return self.name if self.given or not by or "|" in by else str(by)


def named(inputs: Sequence[str]) -> list[Input]:
    """GPT-4o=x.jsonl names a model; else files are called by their names, those of one name by their folders too.

    ["GPT-4o=x.jsonl", "a/y.jsonl.gz", "b/y.jsonl", "z.csv"]  ->  names GPT-4o, a/y, b/y, z
    """
    found = [_input(text) for text in inputs]
    for one, n in Counter(input.path for input in found).items():
        if n > 1:
            raise CxrError(f"{one}: given twice; each model is wanted once")
    depth = 1
    while double := {name for name, n in Counter(input.name for input in found).items() if n > 1}:
        depth += 1
        longer = [input._replace(name=_stem(input.path, depth)) for input in found]
        found = [b if a.name in double and not a.given else a for a, b in zip(found, longer, strict=True)]
        if depth > max(len(Path(input.path).parts) for input in found):
            raise CxrError(f"two models are called {min(double)}: name them, NAME=FILE")
    return found


def _input(text: str) -> Input:
    name, equals, path = text.partition("=")
    if equals and name and path and not Path(text).exists():
        return Input(path, name, given=True)
    return Input(text, "stdin" if text == "-" else _stem(text, 1))


def _stem(path: str, depth: int) -> str:
    """The last parts of a path, without the ending of a file: a/y.jsonl.gz, 2 -> a/y."""
    return _ENDINGS.sub("", "/".join(Path(path).absolute().parts[-depth:]))
