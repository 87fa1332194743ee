"""The options of functions, checked: an error names the option and what it may be."""

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any

from cxr_cli.errors import CxrError, one_line, shortened
from cxr_cli.library.keywords import FindingNames
from cxr_cli.rows.fields import plain_value
from cxr_cli.rows.files.json_text import HALF_CHARACTER
from cxr_cli.rows.validation import check_row
from cxr_cli.suggestions import known_names

OptionPairs = tuple[tuple[str, Any], ...]
"""Options by name, as what is made by them can be kept."""
_OF_RULES = ("lexicon", "unmentioned")


def checked_options(options: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """The options as Python has them, without numpy or pandas. kind: a TypedDict of keywords.py. CxrError: there is no
    such option, or it may not have this value."""
    for name in options:
        if name not in kind.__annotations__:
            of_rules = f"; it is one of Rules: Rules({name}=..)" if name in _OF_RULES else ""
            raise CxrError(f"{name}: no such option{of_rules or known_names(name, kind.__annotations__)}")
    plain = {name: plain_value(value) for name, value in options.items()}
    if odd := next((name for name, value in plain.items() if isinstance(value, set | frozenset)), None):
        raise CxrError(f"{odd}: expected a list, got a set, which has no order")
    try:
        reason = check_row(plain, kind)
    except UnicodeEncodeError:
        raise CxrError(f"{', '.join(plain)}: {HALF_CHARACTER}") from None
    if reason:
        raise CxrError(reason.removeprefix("field ").replace("`", "", 2))
    return plain


def option_pairs(options: Mapping[str, Any], kind: type) -> OptionPairs:
    """The checked options in the order of their names, lists as tuples."""
    plain = sorted(checked_options(options, kind).items())
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in plain)


def names_text(findings: FindingNames) -> str | None:
    """The names between commas."""
    return findings if isinstance(findings, str | None) else ",".join(findings)


def report_list(name: str, texts: Iterable[str | None]) -> list[str | None]:
    """The reports as a list. CxrError: they are one text, or no list."""
    plain = plain_value(texts)
    if isinstance(plain, str | Mapping) or not isinstance(plain, Iterable):
        raise CxrError(f"{name}: expected a list of reports, got {type(texts).__name__}")
    return [*plain]


def path_text(name: str, path: str | PathLike[str]) -> str:
    """The path, or a name or a URL, as a text. CxrError: it is none."""
    try:
        text = str(fspath(path))
        text.encode()
    except (TypeError, UnicodeEncodeError):
        raise CxrError(f"{name}: expected a text or a path") from None
    if "\0" in text:
        raise CxrError(f"{name}: no path has the character \\0")
    return text


def check_one_of(name: str, value: object, choices: Iterable[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        word = one_line(shortened(value)) if isinstance(value, str) else type(value).__name__
        raise CxrError(f"{name}: {word} is none of {', '.join(choices)}")
