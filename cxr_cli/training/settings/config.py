"""A training's settings: a YAML file, then `--set NAME=VALUE`, checked by name and by type.

    learning_rate: 2.0e-6
    lora: {r: 16, target_modules: [q_proj, v_proj]}

Their names are those of TRL's SFTConfig and GRPOConfig that are let through, and those of this tool: `names.py`.
"""

import dataclasses
import enum
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.suggestions import did_you_mean
from cxr_cli.training.settings.defaults import LORA_DEFAULTS
from cxr_cli.training.settings.names import OWN_TYPES, SETTINGS, UNSETTABLE, Settings
from cxr_cli.training.settings.ranges import CHOICES, LOSSES, REQUIRED, range_of


def read_settings(path: str | Path | None, sets: Sequence[str]) -> Settings:
    """The settings of a file and those of `--set NAME=VALUE`, which win. Raises CxrError."""
    with need("train"):
        import yaml
    settings = {} if path is None else _read_file(path)
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise CxrError(f"--set {text}: not NAME=VALUE")
        name, _, key = name.strip().partition(".")
        try:
            setting = yaml.load(value, _loader())
        except yaml.YAMLError as error:
            raise CxrError(f"--set {name}: the value is not YAML") from error
        if key:  # lora.r=8
            group = settings.get(name)
            settings[name] = {**(group if isinstance(group, Mapping) else {}), key: setting}
        else:
            settings[name] = setting
    return settings


def _read_file(path: str | Path) -> Settings:
    import yaml

    try:
        settings = yaml.load(Path(path).read_text(encoding="utf-8"), _loader()) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", "")) if isinstance(error, yaml.constructor.ConstructorError) else ""
        reason = problem if problem.startswith(("the key", "a key")) else "not YAML"
        raise CxrError(f"{path}{f':{mark.line + 1}' if mark else ''}: {reason}") from error
    if not isinstance(settings, dict):
        raise CxrError(f"{path}: not a list of `name: value`")
    return settings


def _loader() -> Any:
    """PyYAML's safe loader, which refuses a key that occurs twice: by itself it takes the last one."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = set()
            for key_node, _ in node.value:
                if not isinstance(key_node.value, str):
                    raise yaml.constructor.ConstructorError(None, None, "a key is no name", key_node.start_mark)
                if key_node.value in keys:
                    problem = f"the key {key_node.value} occurs twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
                keys.add(key_node.value)
            mapping: dict[Any, Any] = super().construct_mapping(node, deep)
            return mapping

    return Loader


def check_settings(settings: Mapping[str, Any], config_class: type, where: str) -> Settings:
    """The settings, their values in the types that `config_class` gives them: SFTConfig or GRPOConfig of TRL.

    where: they come from, for errors. CxrError: a name is unknown or reserved, or a value has another type.
    """
    stage = "rl" if "num_generations" in {field.name for field in dataclasses.fields(config_class)} else "sft"
    types = {**typing.get_type_hints(config_class), **OWN_TYPES}
    result: Settings = {}
    for name, value in settings.items():
        _check_name(name, stage, config_class, where)
        if name == "lora":
            result[name] = _lora(value, where)
        elif name == "rewards":
            result[name] = reward_texts(value, where)
        else:
            result[name] = _checked_value(name, value, types[name], where)
    _check_choice("loss_type", result.get("loss_type"), LOSSES[stage], where)
    return result


def _check_name(name: Any, stage: str, config_class: type, where: str) -> None:
    """CxrError: the setting is none of the stage, or is not let through."""
    if name in SETTINGS[stage]:
        return
    if name in UNSETTABLE:
        raise CxrError(f"{where}: {name} cannot be set: {UNSETTABLE[name]}")
    if other := next((other for other, names in SETTINGS.items() if name in names), None):
        raise CxrError(f"{where}: {name} is a setting of `cxr {other}`")
    if name in {field.name for field in dataclasses.fields(config_class)}:
        raise CxrError(f"{where}: {name} cannot be set: this setting of {config_class.__name__} is not let through")
    hint = did_you_mean(str(name), SETTINGS[stage])
    raise CxrError(f"{where}: {name} is no setting of {config_class.__name__}{hint}")


def _lora(value: Any, where: str) -> Settings | None:
    if value in (None, False):
        return None
    own = {} if value is True else value
    if not isinstance(own, Mapping) or set(own) - set(LORA_DEFAULTS):
        raise CxrError(f"{where}: lora takes {', '.join(LORA_DEFAULTS)}")
    lora = {**LORA_DEFAULTS, **own}
    for name, hint in (("r", int), ("alpha", int | float), ("dropout", float)):
        lora[name] = _checked_value(f"lora.{name}", lora[name], hint, where)
    names = lora["target_modules"]
    if not (names is None or (isinstance(names, list) and names and all(isinstance(name, str) for name in names))):
        raise CxrError(f"{where}: lora.target_modules takes a list of names: [q_proj, v_proj]")
    return lora


def reward_texts(value: Any, where: str) -> list[str]:
    """`[format:1, process:2]`, `{format: 1, process: 2}` and `format:1 process:2` are the same. Raises CxrError."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, Mapping) and None not in value.values():
        value = [f"{name}:{weight}" for name, weight in value.items()]
    if not isinstance(value, list) or not value:
        raise CxrError(f"{where}: rewards takes names with weights: [format:1, process:2]")
    texts: list[str] = []
    for item in value:  # in a list `format: 1` with a blank is a mapping
        texts += reward_texts(item, where) if isinstance(item, Mapping) else [str(item)]
    return texts


def _checked_value(name: str, value: Any, hint: Any, where: str) -> Any:
    """The value in the type of the setting. CxrError: it has another type, or is none that the setting takes."""
    typed = _typed_value(name, value, hint, where)
    if words := range_of(name, typed):
        raise CxrError(f"{where}: {name} takes {words}, not {value}")
    for text in typed if isinstance(typed, list) else [typed]:
        _check_choice(name, text, _choices(name, hint), where)
    return typed


def _check_choice(name: str, value: Any, choices: Sequence[str], where: str) -> None:
    if choices and value is not None and str(value) not in choices:
        raise CxrError(f"{where}: {name}: {value} is none of {', '.join(choices)}{did_you_mean(str(value), choices)}")


def _choices(name: str, hint: Any) -> tuple[str, ...]:
    """The texts that a setting takes; () for any."""
    kinds = [kind for kind in typing.get_args(hint) if isinstance(kind, type) and issubclass(kind, enum.Enum)]
    return CHOICES.get(name) or tuple(str(member.value) for kind in kinds for member in kind)


def _typed_value(name: str, value: Any, hint: Any, where: str) -> Any:
    """A value of YAML as the type `hint`: YAML reads 2e-6 as a text and `no` as False. Raises CxrError."""
    members = {typing.get_origin(member) or member for member in typing.get_args(hint) or (hint,)}
    number = int in members or float in members
    if value is None or value in CHOICES.get(name, ()):
        if value is None and (type(None) not in members or name in REQUIRED):
            raise CxrError(f"{where}: {name} takes a value")
        return value
    if isinstance(value, bool):
        if bool in members:
            return value
        if value is False and str in members:
            return "no"  # YAML reads `no` as False
        raise CxrError(f"{where}: {name} takes {'a number' if number else 'a text'}, not {str(value).lower()}")
    if bool in members and str not in members:
        hint_words = did_you_mean(str(value), ("true", "false"))
        raise CxrError(f"{where}: {name} takes true or false, not {value}{hint_words}")
    if dict in members and not isinstance(value, dict):
        raise CxrError(f"{where}: {name} takes a mapping: {{name: value}}")
    if isinstance(value, str) and number and str not in members:
        try:
            value = float(value) if float in members else int(value)
        except ValueError as error:
            raise CxrError(f"{where}: {name} takes a number, not {value!r}") from error
    if isinstance(value, float) and number and float not in members:
        if not value.is_integer():
            raise CxrError(f"{where}: {name} takes a whole number, not {value:g}")
        return int(value)
    if isinstance(value, int) and float in members and int not in members:
        return float(value)
    if isinstance(value, list | dict) and not {list, dict} & members:
        kind = "list" if isinstance(value, list) else "mapping"
        raise CxrError(f"{where}: {name} takes a {'number' if number else 'text'}, not a {kind}")
    if isinstance(value, int | float) and str in members and not number:
        return str(value)
    if not isinstance(value, int | float | str | list | dict):  # YAML has dates and more
        kind = type(value).__name__
        raise CxrError(f"{where}: {name} takes a {'number' if number else 'text'}, not a {kind}")
    return value
