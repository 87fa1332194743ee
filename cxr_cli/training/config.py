"""A training's settings: a YAML file, then `--set NAME=VALUE`, checked by name and by type.

    learning_rate: 2.0e-6
    lora: {r: 16, target_modules: [q_proj, v_proj]}

Names are those of TRL's SFTConfig and GRPOConfig, and the few of OURS.
"""

import dataclasses
import difflib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need

Settings = dict[str, Any]

OURS: dict[str, str] = {
    "model": "what is trained; -m wins",
    "revision": "of a model on the Hugging Face hub",
    "size": "pixels each way of a film; 448 as in the paper",
    "max_pixels": "not square: its own shape, at most so many pixels",
    "max_images": "films of a row at most; a row with more is an error",
    "lora": "r, alpha, dropout, target_modules (names), of the language model; full weights without it",
    "freeze_vision": "train the language model alone",
    "attn_implementation": "sdpa, flash_attention_2, eager",
    "deepspeed": "zero2, zero3, zero2-offload, zero3-offload, or a JSON file",
    "eval_cases": "how many cases are answered at each evaluation, and scored",
    "eval_tokens": "of such an answer, at most; 512",
    "rewards": "of cxr rl: names with weights, [format:1, process:2]",
    "credit": "of cxr rl: completion, or step, which pays factuality by the sentence",
    "rollouts": "of cxr rl: transformers, vllm-colocate or vllm-server",
}
LORA = {"r": 16, "alpha": 32, "dropout": 0.0, "target_modules": None}
_FIXED = {  # settings that belong to this tool, and why
    "output_dir": "-o OUT says where",
    "remove_unused_columns": "rows carry what rewards need",
    "trust_remote_code": "no code that comes with weights is run",
    "push_to_hub": "models trained on patients' data are not published from here",
    "resume_from_checkpoint": "--resume does it",
    "disable_tqdm": "progress is on stderr",
    "use_vllm": "rollouts: says it",
    "vllm_mode": "rollouts: says it",
    "reward_weights": "rewards: says it",
}


def read(path: str | Path | None, sets: Sequence[str]) -> Settings:
    """The settings in a file, and those given as NAME=VALUE, which win. Raises CxrError."""
    with need("train"):
        import yaml
    settings: Settings = {}
    if path is not None:
        try:
            settings = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            raise CxrError(f"{path}{f':{mark.line + 1}' if mark else ''}: not YAML") from error
        if not isinstance(settings, dict):
            raise CxrError(f"{path}: not a list of `name: value`")
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise CxrError(f"--set {text}: not NAME=VALUE")
        name, _, inner = name.strip().partition(".")
        try:
            parsed = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise CxrError(f"--set {text}: the value is not YAML") from error
        if inner:
            below = settings.get(name)
            settings[name] = {**(below if isinstance(below, Mapping) else {}), inner: parsed}
        else:
            settings[name] = parsed
    return settings


def check(settings: Mapping[str, Any], kind: type, where: str) -> Settings:
    """The settings with their values as the fields of `kind`, a config class of TRL, have them. Raises CxrError."""
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    hints = typing.get_type_hints(kind)
    checked: Settings = {}
    for name, value in settings.items():
        if name in _FIXED:
            raise CxrError(f"{where}: {name} is not to be set: {_FIXED[name]}")
        if name in OURS:
            checked[name] = _lora(value, where) if name == "lora" else value
        elif name in fields:
            checked[name] = _typed(name, value, hints[name], where)
        else:
            close = difflib.get_close_matches(name, [*OURS, *fields], n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise CxrError(f"{where}: {name} is no setting of {kind.__name__}{hint}")
    return checked


def _lora(value: Any, where: str) -> Settings | None:
    if value in (None, False):
        return None
    given = {} if value is True else value
    if not isinstance(given, Mapping) or set(given) - set(LORA):
        raise CxrError(f"{where}: lora takes {', '.join(LORA)}")
    return {**LORA, **given}


def _typed(name: str, value: Any, hint: Any, where: str) -> Any:
    """YAML reads 2e-6 as a text; a number is meant."""
    members = typing.get_args(hint) or (hint,)
    if value is False and bool not in members and str in members:
        return "no"  # YAML's other word for it
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
