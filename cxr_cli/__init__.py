"""A toolbox for chest X-ray reasoning models: on the command line `cxr`, in Python these names.

    from cxr_cli import label, mine, verify
    label("Small left effusion.", "pleural effusion")      # {"pleural effusion": 1}

`Rules` reads with another lexicon or policy and has the same functions as methods; docs/library.md explains all. A name
is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cxr_cli.version import __version__ as __version__

if TYPE_CHECKING:
    from cxr_cli.library.default_rules import label, mine, read, score, verify
    from cxr_cli.library.each import each
    from cxr_cli.library.inference import infer
    from cxr_cli.library.rules import Rules
    from cxr_cli.library.tables import compare, summarize

__all__ = ["Rules", "compare", "each", "infer", "label", "mine", "read", "score", "summarize", "verify"]

_MODULES = {
    **dict.fromkeys(("label", "mine", "read", "score", "verify"), "default_rules"),
    **dict.fromkeys(("compare", "summarize"), "tables"),
    "Rules": "rules",
    "each": "each",
    "infer": "inference",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"cxr_cli.library.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
