"""Tables `name -> "module:object"`: what there is several of is listed by name and loaded when it is used."""

import difflib
from collections.abc import Iterable
from importlib import import_module
from typing import Any


class Registry(dict[str, str]):
    """{"rules": "cxr_cli.scoring.judges.rules:RulesJudge"}: `load("rules")` imports the module and gives the object."""

    def load(self, name: str) -> Any:
        """KeyError for a name that is not in the table: `known_names` says what there is."""
        module, _, attribute = self[name].partition(":")
        return getattr(import_module(module), attribute)


def closest_name(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` is most likely a misspelling of; None when none is close."""
    return next(iter(difflib.get_close_matches(word, list(names), n=1)), None)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of an error: "; did you mean binary?", or "" when no name is close."""
    close = closest_name(word, names)
    return f"; did you mean {close}?" if close else ""


def known_names(word: str, names: Iterable[str], listing: str | None = None) -> str:
    """The same, and what there is: "; did you mean csv? known are csv, json". listing: in place of the names."""
    names = list(names)
    return f"{did_you_mean(word, names) or ';'} known are {listing or ', '.join(names)}"
