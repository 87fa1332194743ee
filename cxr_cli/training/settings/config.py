"""A training's settings: a YAML file, then `--set NAME=VALUE`, checked by name and by type.

    learning_rate: 2.0e-6
    lora: {r: 16, target_modules: [q_proj, v_proj]}

Their names are those of TRL's SFTConfig and GRPOConfig, and OWN_SETTINGS.
"""

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.registry import did_you_mean

Settings = dict[str, Any]

ROLLOUTS: dict[str, Settings] = {  # what generates the completions of `cxr rl` -> TRL's settings of it
    "transformers": {},
    "vllm-colocate": {"use_vllm": True, "vllm_mode": "colocate"},
    "vllm-server": {"use_vllm": True, "vllm_mode": "server"},
}
OWN_SETTINGS: dict[str, str] = {
    "model": "the model to train; -m wins",
    "revision": "of a model on the Hugging Face hub",
    "size": "width and height of a film in pixels; 448 as in the paper",
    "max_pixels": "keep the shape of a film, with at most this many pixels",
    "max_images": "most films of a row; a row with more is an error",
    "lora": "r, alpha, dropout, target_modules (names) of an adapter on the language model; without it full weights",
    "freeze_vision": "train only the language model",
    "attn_implementation": "sdpa, flash_attention_2, eager",
    "deepspeed": "zero2, zero3, zero2-offload, zero3-offload, or a JSON file",
    "eval_cases": "how many cases are answered and scored at each evaluation",
    "eval_tokens": "most tokens of such an answer; 512",
    "rewards": "of cxr rl: names with weights, [format:1, process:2]",
    "credit": "of cxr rl: completion, or step, which pays factuality sentence by sentence",
    "rollouts": f"of cxr rl: {' or '.join(', '.join(ROLLOUTS).rsplit(', ', 1))}",
}
LORA_DEFAULTS = {"r": 16, "alpha": 32, "dropout": 0.0, "target_modules": None}
_RESERVED = {  # settings that this tool makes itself, and why
    "output_dir": "-o OUT says where",
    "remove_unused_columns": "rows carry what rewards need",
    "trust_remote_code": "no code that comes with weights is run",
    "push_to_hub": "models trained on patients' data are not published from here",
    "resume_from_checkpoint": "--resume does it",
    "disable_tqdm": "progress is on stderr",
    "use_vllm": "--rollouts says it",
    "vllm_mode": "--rollouts says it",
    "reward_weights": "--reward NAME:WEIGHT says it",
}


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
            parsed = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise CxrError(f"--set {text}: the value is not YAML") from error
        if key:  # lora.r=8
            group = settings.get(name)
            settings[name] = {**(group if isinstance(group, Mapping) else {}), key: parsed}
        else:
            settings[name] = parsed
    return settings


def _read_file(path: str | Path) -> Settings:
    import yaml

    try:
        settings = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise CxrError(f"{path}{f':{mark.line + 1}' if mark else ''}: not YAML") from error
    if not isinstance(settings, dict):
        raise CxrError(f"{path}: not a list of `name: value`")
    return settings


def check_settings(settings: Mapping[str, Any], config_class: type, where: str) -> Settings:
    """The settings, their values in the types that `config_class` gives them: SFTConfig or GRPOConfig of TRL.

    where: they come from, for errors. CxrError: a name is unknown or reserved, or a value has another type.
    """
    fields = {field.name: field for field in dataclasses.fields(config_class) if field.init}
    hints = typing.get_type_hints(config_class)
    checked: Settings = {}
    for name, value in settings.items():
        if name in _RESERVED:
            raise CxrError(f"{where}: {name} is not to be set: {_RESERVED[name]}")
        if name in OWN_SETTINGS:
            checked[name] = _lora(value, where) if name == "lora" else value
        elif name in fields:
            checked[name] = _typed_value(name, value, hints[name], where)
        else:
            hint = did_you_mean(name, [*OWN_SETTINGS, *fields])
            raise CxrError(f"{where}: {name} is no setting of {config_class.__name__}{hint}")
    return checked


def _lora(value: Any, where: str) -> Settings | None:
    if value in (None, False):
        return None
    chosen = {} if value is True else value
    if not isinstance(chosen, Mapping) or set(chosen) - set(LORA_DEFAULTS):
        raise CxrError(f"{where}: lora takes {', '.join(LORA_DEFAULTS)}")
    return {**LORA_DEFAULTS, **chosen}


def _typed_value(name: str, value: Any, hint: Any, where: str) -> Any:
    """A value of YAML as the type `hint`: YAML reads 2e-6 as a text and `no` as False. Raises CxrError."""
    members = typing.get_args(hint) or (hint,)
    if value is False and bool not in members and str in members:
        return "no"  # YAML reads `no` as False
    if isinstance(value, str) and str not in members and (float in members or int in members):
        try:
            return float(value) if float in members else int(value)
        except ValueError as error:
            raise CxrError(f"{where}: {name} takes a number, not {value!r}") from error
    if isinstance(value, bool) and bool not in members and (int in members or float in members) and str not in members:
        raise CxrError(f"{where}: {name} takes a number, not {value}")
    if isinstance(value, int) and not isinstance(value, bool) and float in members and int not in members:
        return float(value)
    return value
