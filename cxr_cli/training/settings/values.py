"""One setting's value: of the type that TRL's configuration or this tool gives it, and none that would ruin a run."""

import enum
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.suggestions import did_you_mean
from cxr_cli.training.settings.defaults import LORA_DEFAULTS
from cxr_cli.training.settings.names import Settings
from cxr_cli.training.settings.ranges import CHOICES, REQUIRED, range_of


def checked_value(name: str, value: Any, hint: Any, where: str) -> Any:
    """The value in the type `hint` of the setting. CxrError: it has another type, or is none that the setting takes.

    where: it comes from.
    """
    typed = _typed_value(name, value, hint, where)
    for text in typed if isinstance(typed, list) else [typed]:
        check_choice(name, text, _choices(name, hint), where)
    return typed


def check_choice(name: str, value: Any, choices: Sequence[str], where: str) -> None:
    """CxrError: there are choices, and the value is none of them."""
    if choices and value is not None and str(value) not in choices:
        raise CxrError(f"{where}: {name}: {value} is none of {', '.join(choices)}{did_you_mean(str(value), choices)}")


def checked_lora(value: Any, where: str) -> Settings | None:
    """The setting `lora` with its defaults; None: it is off. Raises CxrError."""
    if value in (None, False):
        return None
    own = {} if value is True else value
    if not isinstance(own, Mapping) or set(own) - set(LORA_DEFAULTS):
        raise CxrError(f"{where}: lora takes {', '.join(LORA_DEFAULTS)}")
    lora = {**LORA_DEFAULTS, **own}
    for name, hint in (("r", int), ("alpha", int | float), ("dropout", float)):
        lora[name] = checked_value(f"lora.{name}", lora[name], hint, where)
    names = lora["target_modules"]
    if not (names is None or (isinstance(names, list) and names and all(isinstance(name, str) for name in names))):
        raise CxrError(f"{where}: lora.target_modules takes a list of names: [q_proj, v_proj]")
    return lora


def reward_texts(value: Any, where: str) -> list[str]:
    """`[format:1, process:2]`, `{format: 1, process: 2}` and `format:1 process:2` are the same. Raises CxrError."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, Mapping):
        value = [value]
    texts: list[str] = []
    for item in value if isinstance(value, list) else ():  # in a list `format: 1` with a blank is a mapping
        if isinstance(item, Mapping) and all(type(weight) in (int, float) for weight in item.values()):
            texts += [f"{name}:{weight}" for name, weight in item.items()]
        elif isinstance(item, str):
            texts.append(item)
        else:
            texts.clear()
            break
    if not texts:
        raise CxrError(f"{where}: rewards takes names with weights: [format:1, process:2]")
    return texts


def _choices(name: str, hint: Any) -> tuple[str, ...]:
    """The texts that a setting takes; () for any."""
    kinds = [kind for kind in typing.get_args(hint) if isinstance(kind, type) and issubclass(kind, enum.Enum)]
    return CHOICES.get(name) or tuple(str(member.value) for kind in kinds for member in kind)


def _typed_value(name: str, value: Any, hint: Any, where: str) -> Any:
    """A value of YAML as the type `hint`. Raises CxrError."""
    members = {typing.get_origin(member) or member for member in typing.get_args(hint) or (hint,)}
    number = bool({int, float} & members)
    if value is None:
        if type(None) not in members or name in REQUIRED:
            raise CxrError(f"{where}: {name} takes a value")
        return value
    if bool in members:
        if not isinstance(value, bool):
            raise CxrError(
                f"{where}: {name} takes true or false, not {value}{did_you_mean(str(value), ('true', 'false'))}"
            )
        return value
    if dict in members:
        if not isinstance(value, dict):
            raise CxrError(f"{where}: {name} takes a mapping: {{name: value}}")
        return value
    if number and isinstance(value, int | float) and not isinstance(value, bool):
        return _typed_number(name, value, float in members, where)
    if not number and (isinstance(value, str) or (list in members and isinstance(value, list))):
        return value
    kind = "a number" if number else " or ".join(_choices(name, hint)) or "a text"
    raise CxrError(f"{where}: {name} takes {kind}, not {_words_of(value)}")


def _typed_number(name: str, value: float, fractional: bool, where: str) -> float:
    if words := range_of(name, value):
        raise CxrError(f"{where}: {name} takes {words}, not {value:.10g}")
    if fractional:
        return float(value)
    if value != int(value):
        raise CxrError(f"{where}: {name} takes a whole number, not {value:.10g}")
    return int(value)


def _words_of(value: Any) -> str:
    """ "true", "a list", "the number 3 (write it in quotes)", "'abc'"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return repr(value) if isinstance(value, str) else f"the number {value:.10g}: write it in quotes"
