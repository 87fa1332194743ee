"""The text of settings: YAML 1.2 without anchors, tags and second documents.

learning_rate: 2e-6     a number; YAML 1.1, which PyYAML reads, takes it for a text
save_strategy: no       a text: true and false alone are booleans
"""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from cxr_cli.errors import library_message

_YAML_INTEGER = re.compile(r"[-+]?[0-9]+")
_YAML_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_YAML_INFINITY = re.compile(r"([-+]?)\.(inf|nan)")
_YAML_NULL = ("", "~", "null")
_YAML_DEPTH = 20  # lists and mappings in each other


class YamlError(Exception):
    """A text that is not read. reason: why. line: of it, from 1; None if it is unknown."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason, line)
        self.reason, self.line = reason, line

    def __str__(self) -> str:
        return self.reason


class YamlEntry(NamedTuple):
    """A value of a mapping, and the line of its name."""

    value: Any
    line: int


def read_value(text: str) -> Any:
    """One value: a number, a text, true or false, None, a list or a mapping. Raises YamlError."""
    events = _document_events(text)
    event = next(events, None)
    value = None if event is None else _yaml_value(events, event, depth=0)
    _read_to_the_end(events)
    return value


def read_mapping(text: str) -> dict[str, YamlEntry]:
    """The entries of the mapping that a file is. Raises YamlError."""
    import yaml

    events = _document_events(text)
    event = next(events, None)
    if event is None:
        raise YamlError("it holds no settings", None)
    if not isinstance(event, yaml.MappingStartEvent):
        raise YamlError("not a list of `name: value`", None)
    entries = dict(_mapping_entries(events, depth=0))
    _read_to_the_end(events)
    return entries


def _read_to_the_end(events: Iterator[Any]) -> None:
    """What follows the first value may be what is not read."""
    for _ in events:
        pass


def _document_events(text: str) -> Iterator[Any]:
    """PyYAML's events of one document, without its start and end."""
    import yaml

    documents = 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            line = event.start_mark.line + 1
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise YamlError("a second document (---) begins: settings are one", line)
            if getattr(event, "anchor", None):
                raise YamlError("anchors and aliases (&x, *x) are not read: write the value out", line)
            if getattr(event, "tag", None):
                raise YamlError("tags (!x) are not read", line)
            if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                yield event
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError("a control character, which is not read", line) from error
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or error.context_mark, str(error.problem)
        reason = "a tab: indent by blanks" if "'\\t'" in problem else f"not YAML ({library_message(error.problem)})"
        raise YamlError(reason, mark.line + 1 if mark else None) from error


def _yaml_value(events: Iterator[Any], event: Any, depth: int) -> Any:
    """The value that begins with `event`."""
    import yaml

    if depth > _YAML_DEPTH:
        raise YamlError("lists or mappings lie too deep in each other", event.start_mark.line + 1)
    if isinstance(event, yaml.ScalarEvent):
        return event.value if event.style else _plain_scalar(event.value)
    if isinstance(event, yaml.MappingStartEvent):
        return {name: entry.value for name, entry in _mapping_entries(events, depth)}
    values = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        values.append(_yaml_value(events, event, depth + 1))
    return values


def _mapping_entries(events: Iterator[Any], depth: int) -> Iterator[tuple[str, YamlEntry]]:
    """(name, entry) of the mapping that has begun."""
    import yaml

    names = set()
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarEvent):
            raise YamlError("a key is no name", line)
        if key.value in names:
            raise YamlError(f"the key {key.value} occurs twice", line)
        names.add(key.value)
        yield key.value, YamlEntry(_yaml_value(events, next(events), depth + 1), line)


def _plain_scalar(text: str) -> Any:
    """A text that is not quoted, by the core schema of YAML 1.2: `2e-6` is a number, `0x10` and `1_000` are texts."""
    if text.casefold() in _YAML_NULL:
        return None
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    if _YAML_INTEGER.fullmatch(text):
        return int(text) if len(text) < 100 else math.inf
    if _YAML_NUMBER.fullmatch(text):
        return float(text)
    if special := _YAML_INFINITY.fullmatch(text.casefold()):
        return float(special[1] + special[2])
    return text
