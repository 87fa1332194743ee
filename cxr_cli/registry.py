"""Tables `name -> "module:object"`: what there is several of is listed by name and loaded when it is used."""

import difflib
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
        close = difflib.get_close_matches(name, self, n=1)
        return f"did you mean {close[0]}?" if close else f"there is {', '.join(self)}"
