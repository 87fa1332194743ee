"""What the models of several files of answers are called."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError

_ENDINGS = re.compile(r"(?:\.(?:jsonl|ndjson|csv|parquet|txt))?(?:\.(?:gz|zst))?$", re.I)


class ModelFile(NamedTuple):
    """A file of answers. name: of its model. given: the user named the model of all its rows, NAME=FILE."""

    path: str
    name: str
    given: bool = False

    def model(self, row: Mapping[str, Any]) -> str:
        """The model that answered the row: as the user names it, else as `answered_by` names it where that is a plain
        name and no signature, else as the file is called.
        """
        answered_by = row.get("answered_by")
        return self.name if self.given or not answered_by or "|" in answered_by else str(answered_by)


def model_files(inputs: Sequence[str]) -> list[ModelFile]:
    """NAME=FILE names a model; other models take the names of their files, and of the folders where two are the same.

    ["GPT-4o=x.jsonl", "a/y.jsonl.gz", "b/y.jsonl", "z.csv"]  ->  names GPT-4o, a/y, b/y, z

    CxrError: a file comes twice, or two models have one name.
    """
    files = [_model_file(text) for text in inputs]
    for path, n in Counter(file.path for file in files).items():
        if n > 1:
            raise CxrError(f"{path}: given twice; give each model once")
    depth = 1
    while doubled := {name for name, n in Counter(file.name for file in files).items() if n > 1}:
        depth += 1
        files = [
            file._replace(name=_stem(file.path, depth)) if file.name in doubled and not file.given else file
            for file in files
        ]
        if depth > max(len(Path(file.path).parts) for file in files):
            raise CxrError(f"two models are called {min(doubled)}: name them, NAME=FILE")
    return files


def _model_file(text: str) -> ModelFile:
    name, equals, path = text.partition("=")
    if equals and name and path and not Path(text).exists():
        return ModelFile(path, name, given=True)
    return ModelFile(text, "stdin" if text == "-" else _stem(text, 1))


def _stem(path: str, depth: int) -> str:
    """The last parts of a path, without the ending of a file: a/y.jsonl.gz, 2 -> a/y."""
    return _ENDINGS.sub("", "/".join(Path(path).absolute().parts[-depth:]))
