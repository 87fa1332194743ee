"""Every setting that is a number has bounds."""

import dataclasses
import math
import typing
from typing import Any

import pytest

from tests.conftest import needs

pytestmark = needs("train")


def number_settings() -> set[str]:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.training.settings.names import OWN_TYPES, SETTINGS

    names = {"lora.r", "lora.alpha", "lora.dropout"}
    for stage, config_class in (("sft", SFTConfig), ("rl", GRPOConfig)):
        hints = {**typing.get_type_hints(config_class), **OWN_TYPES}
        for name in SETTINGS[stage] - {"lora", "rewards"}:
            if {int, float} & {*(typing.get_args(hints[name]) or (hints[name],))}:
                names.add(name)
    return names


def test_every_number_has_finite_bounds() -> None:
    from cxr_cli.training.settings.ranges import RANGES

    assert number_settings() - {*RANGES} == set()
    assert {*RANGES} - number_settings() == set()
    for limits in RANGES.values():
        assert math.isfinite(limits.low)
        assert math.isfinite(limits.high)


def test_every_default_is_within_its_bounds() -> None:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.training.settings.defaults import LORA_DEFAULTS, RL_DEFAULTS, SFT_DEFAULTS
    from cxr_cli.training.settings.ranges import RANGES, range_of

    defaults: dict[str, Any] = {f"lora.{name}": value for name, value in LORA_DEFAULTS.items()}
    for config_class, ours in ((SFTConfig, SFT_DEFAULTS), (GRPOConfig, RL_DEFAULTS)):
        defaults |= {field.name: field.default for field in dataclasses.fields(config_class)} | ours
        outside = [name for name in RANGES if name in defaults and range_of(name, defaults[name])]
        assert outside == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300, 10**400, -(10**400)])
def test_no_number_takes_what_is_none(value: float) -> None:
    from cxr_cli.training.settings.ranges import RANGES, range_of

    assert [name for name in RANGES if range_of(name, value) is None] == []
