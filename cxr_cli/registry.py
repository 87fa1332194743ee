"""Tables `name -> "module:object"`: what there is several of is listed by name and loaded when it is used."""

from importlib import import_module
from typing import Any


class Registry(dict[str, str]):
    """{"rules": "cxr_cli.scoring.judges.rules:RulesJudge"}: `load("rules")` imports the module and gives the object."""

    def load(self, name: str) -> Any:
        """KeyError for a name that is not in the table: `suggestions.known_names` says what there is."""
        module, _, attribute = self[name].partition(":")
        return getattr(import_module(module), attribute)
