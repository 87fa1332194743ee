"""Replies that do not fit their schema: the reason names the place and quotes nothing."""

from typing import Any

import pytest

from cxr_cli.engines.prompts.json_schema import (
    BOOLEAN,
    array_of,
    enum_of,
    misfit,
    object_of,
    subset_of,
    text_within,
    without_limits,
)

SCHEMA = object_of(
    steps=array_of(object_of(text=text_within(20), kind=enum_of("plan", "observe")), 1, 2), right=BOOLEAN
)
STEP = {"text": "No edema.", "kind": "observe"}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"steps": [STEP], "right": True}, None),
        ([STEP], "not an object"),
        ({"steps": [STEP]}, "lacks right"),
        ({"steps": [STEP], "right": True, "secret": 1}, "holds more than was asked for"),
        ({"steps": [STEP], "right": 1}, "`right`: not true or false"),
        ({"steps": [], "right": True}, "`steps`: holds fewer than 1"),
        ({"steps": [STEP] * 3, "right": True}, "`steps`: holds more than 2"),
        ({"steps": [STEP, {**STEP, "kind": "secret"}], "right": True}, "`steps[1].kind`: not one of plan, observe"),
        ({"steps": [{**STEP, "text": " "}], "right": True}, "`steps[0].text`: empty"),
        ({"steps": [{**STEP, "text": "No edema" * 3}], "right": True}, "`steps[0].text`: longer than 20 characters"),
    ],
)
def test_misfit(reply: Any, reason: str | None) -> None:
    assert misfit(reply, SCHEMA) == reason


def test_a_subset_of_nothing_is_empty() -> None:
    assert (misfit([], subset_of([])), misfit([1], subset_of([]))) == (None, "holds more than 0")
    assert (misfit([2], subset_of([1, 2])), misfit([True], subset_of([1, 2]))) == (None, "`[0]`: not a whole number")


def test_limits_can_be_left_out_for_servers_that_refuse_them() -> None:
    assert without_limits(SCHEMA) == object_of(
        steps={"type": "array", "items": object_of(text={"type": "string"}, kind=enum_of("plan", "observe"))},
        right=BOOLEAN,
    )
