"""Lists of words that are data: tables of a TOML file, for patterns.

A word may be a piece of a regular expression, "increases?". `lexicon.toml` holds what has a meaning of its own; these
lists hold what rules of form look for.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

WordLists = dict[str, tuple[str, ...]]


def word_lists(path: Path) -> dict[str, WordLists]:
    """Table -> list -> words; a list may be a text with blanks between its words."""
    tables = tomllib.loads(path.read_text("utf-8"))
    return {
        table: {name: tuple(words.split() if isinstance(words, str) else words) for name, words in lists.items()}
        for table, lists in tables.items()
    }


def either(words: Iterable[str]) -> str:
    """A pattern of one of these words."""
    return f"(?:{'|'.join(words)})"
