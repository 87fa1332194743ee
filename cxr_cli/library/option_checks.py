"""The options of functions, checked: an error names the option and what it may be."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from cxr_cli.errors import CxrError, one_line, shortened
from cxr_cli.rows.fields import plain_value

OptionPairs = tuple[tuple[str, Any], ...]
"""Options by name, as what is made by them can be kept."""


def option_pairs(options: Mapping[str, Any]) -> OptionPairs:
    """The options in the order of their names, lists as tuples. CxrError: one is an object, or a list of such."""
    plain = {name: plain_value(value) for name, value in sorted(options.items())}
    pairs = {name: tuple(value) if isinstance(value, list | set) else value for name, value in plain.items()}
    for name, value in pairs.items():
        try:
            hash(value)
        except TypeError:
            raise CxrError(f"{name}: expected a text, a number, or a list of them") from None
    return tuple(pairs.items())


def names_text(findings: str | Sequence[str] | None) -> str | None:
    """Names between commas. CxrError: they are no names."""
    names = plain_value(findings)
    if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
        return ",".join(names)
    if not isinstance(names, str | None):
        raise CxrError("findings: expected names between commas, or a list of names")
    return names


def report_list(name: str, texts: Iterable[str | None]) -> list[str | None]:
    """The reports as a list. CxrError: they are one text, or no list."""
    plain = plain_value(texts)
    if isinstance(plain, str | Mapping) or not isinstance(plain, Iterable):
        raise CxrError(f"{name}: expected a list of reports, got {type(texts).__name__}")
    return [*plain]


def plain_seed(seed: Any) -> int:
    """CxrError: it is no whole number."""
    plain = plain_value(seed)
    if type(plain) is not int:
        raise CxrError("seed: expected a whole number")
    return plain


def path_text(name: str, path: str | PathLike[str]) -> str:
    """The path, or a name or a URL, as a text. CxrError: it is none."""
    try:
        return str(fspath(path))
    except TypeError:
        raise CxrError(f"{name}: expected a text or a path") from None


def check_one_of(name: str, value: object, choices: Sequence[str | None]) -> None:
    if not isinstance(value, str | None) or value not in choices:
        word = one_line(shortened(value)) if isinstance(value, str) else type(value).__name__
        raise CxrError(f"{name}: {word} is none of {', '.join(filter(None, choices))}")


def check_each_of(name: str, values: Sequence[str], choices: Sequence[str]) -> None:
    if not isinstance(values, list | tuple):
        raise CxrError(f"{name}: expected a list of names, got {'a text' if isinstance(values, str) else 'no list'}")
    for value in values:
        check_one_of(name, value, choices)
