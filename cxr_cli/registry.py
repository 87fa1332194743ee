"""Tables `name -> "module:object"`: what there is several of is listed by name and loaded when it is used."""

import difflib
from collections.abc import Iterable
from importlib import import_module
from typing import Any


class Registry(dict[str, str]):
    """{"rules": "cxr_cli.scoring.judges.rules:RulesJudge"}: `load("rules")` imports the module and gives the object."""

    def load(self, name: str) -> Any:
        """KeyError for a name that is not in the table: ask `hint` for what to say of it."""
        module, _, attribute = self[name].partition(":")
        return getattr(import_module(module), attribute)

    def hint(self, name: str) -> str:
        """ "did you mean binary?", or what there is."""
        return did_you_mean(name, self) or f"there is {', '.join(self)}"


def closest_name(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` is most likely a misspelling of; None when none is close."""
    return next(iter(difflib.get_close_matches(word, list(names), n=1)), None)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """ "did you mean binary?", or "" when no name is close."""
    close = closest_name(word, names)
    return f"did you mean {close}?" if close else ""
