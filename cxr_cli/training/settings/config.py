"""A training's settings: a YAML file, then `--set NAME=VALUE`, checked by name and by type.

    learning_rate: 2.0e-6
    lora: {r: 16, target_modules: [q_proj, v_proj]}

Their names are those of TRL's SFTConfig and GRPOConfig that are let through, and those of this tool: `names.py`.
"""

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.suggestions import did_you_mean
from cxr_cli.training.settings import yaml_text
from cxr_cli.training.settings.names import OWN_TYPES, SETTINGS, SHORT_NAMES, UNSETTABLE, Settings
from cxr_cli.training.settings.ranges import LOSSES
from cxr_cli.training.settings.values import check_choice, checked_lora, checked_value, reward_texts


class Setting(NamedTuple):
    """A value as it is written. where: "recipe.yaml:3", or "--set"."""

    value: Any
    where: str = "--set"

    @property
    def overrides(self) -> bool:
        """Does it come from the command line?"""
        return self.where == "--set"


def read_settings(path: str | Path | None, sets: Sequence[str]) -> dict[str, Setting]:
    """The settings of a file and those of `--set NAME=VALUE`, which win. Raises CxrError."""
    with need("train"):
        import yaml  # noqa: F401
    settings = {} if path is None else _read_file(path)
    for text in sets:
        name, equals, yaml_value = text.partition("=")
        if not (equals and name.strip()):
            raise CxrError(f"--set {text}: not NAME=VALUE")
        name, dot, key = name.strip().partition(".")
        try:
            value = yaml_text.read_value(yaml_value)
        except yaml_text.YamlError as error:
            raise CxrError(f"--set {name}: {error}") from error
        settings[name] = Setting({**_group(settings.get(name), name, key), key: value} if dot else value)
    return settings


def _group(setting: Setting | None, name: str, key: str) -> Mapping[str, Any]:
    """The mapping that `--set lora.r=8` adds to. CxrError: the setting is something else."""
    value = setting.value if setting else None
    if value is None or isinstance(value, bool):
        return {}
    if not isinstance(value, Mapping):
        raise CxrError(f"--set {name}.{key}: {name} is no mapping to add it to: set all of it, --set {name}={{..}}")
    return value


def _read_file(path: str | Path) -> dict[str, Setting]:
    try:
        data = Path(path).read_bytes()
        entries = yaml_text.read_mapping(data.decode("utf-8-sig"))
    except OSError as error:
        raise CxrError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CxrError(f"{path}:{line}: not UTF-8") from error
    except yaml_text.YamlError as error:
        raise CxrError(f"{path}{f':{error.line}' if error.line else ''}: {error}") from error
    return {name: Setting(value, f"{path}:{line}") for name, (value, line) in entries.items()}


def check_settings(settings: Mapping[str, Setting], config_class: type) -> Settings:
    """The values, in the types that `config_class` gives them: SFTConfig or GRPOConfig of TRL.

    CxrError: a name is unknown or reserved, or a value has another type.
    """
    stage = stage_of(config_class)
    types = {**typing.get_type_hints(config_class), **OWN_TYPES}
    result: Settings = {}
    for name, (value, where) in settings.items():
        _check_name(name, stage, config_class, where)
        if name == "lora":
            result[name] = checked_lora(value, where)
        elif name == "rewards":
            result[name] = reward_texts(value, where)
        else:
            result[name] = checked_value(name, value, types[name], where)
        if name == "loss_type":
            check_choice(name, value, LOSSES[stage], where)
    return result


def stage_of(config_class: type) -> str:
    """ "sft" for SFTConfig of TRL, "rl" for GRPOConfig."""
    return "rl" if "num_generations" in {field.name for field in dataclasses.fields(config_class)} else "sft"


def _check_name(name: str, stage: str, config_class: type, where: str) -> None:
    """CxrError: the setting is none of the stage, or is not let through."""
    if name in SETTINGS[stage]:
        return
    if name in UNSETTABLE:
        raise CxrError(f"{where}: {name} cannot be set: {UNSETTABLE[name]}")
    if other := next((other for other, names in SETTINGS.items() if name in names), None):
        raise CxrError(f"{where}: {name} is a setting of `cxr {other}`")
    if name in {field.name for field in dataclasses.fields(config_class)}:
        raise CxrError(f"{where}: {name} cannot be set: this setting of {config_class.__name__} is not let through")
    long_name = SHORT_NAMES.get(name, "")
    is_of_stage = long_name.partition(".")[0] in SETTINGS[stage]
    hint = f"; did you mean {long_name}?" if is_of_stage else did_you_mean(name, SETTINGS[stage])
    raise CxrError(f"{where}: {name} is no setting of {config_class.__name__}{hint}")
