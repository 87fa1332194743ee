"""The label sets of `label_sets.toml`, for LABEL_SETS."""

import tomllib
from pathlib import Path

import msgspec

from cxr_cli.labelling.label_set import LabelSet

_SETS = msgspec.convert(
    tomllib.loads(Path(__file__).with_name("label_sets.toml").read_text("utf-8")), dict[str, LabelSet]
)
CHEXPERT, MIMIC, OPENI, VINDR, ALL = (_SETS[name] for name in ("chexpert", "mimic", "openi", "vindr", "all"))
