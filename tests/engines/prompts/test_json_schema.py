"""Replies that do not fit their schema: the reason names the place and quotes nothing."""

from typing import Any

import pytest

from cxr_cli.engines.prompts.json_schema import BOOLEAN, TEXT, array_of, enum_of, misfit, object_of, subset_of
from cxr_cli.engines.prompts.prompt import Prompt

SCHEMA = object_of(steps=array_of(object_of(text=TEXT, kind=enum_of("plan", "observe")), 1, 2), right=BOOLEAN)
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
    ],
)
def test_misfit(reply: Any, reason: str | None) -> None:
    assert misfit(reply, SCHEMA) == reason


def test_a_subset_of_nothing_is_empty() -> None:
    assert (misfit([], subset_of([])), misfit([1], subset_of([]))) == (None, "holds more than 0")
    assert (misfit([2], subset_of([1, 2])), misfit([True], subset_of([1, 2]))) == (None, "`[0]`: not a whole number")


def test_only_names_in_braces_are_placeholders() -> None:
    prompt = Prompt('Reply as {"right": true}.\n---\nQ: {question}')
    assert prompt.placeholders == {"question"}
    assert prompt.messages(question="Is {there} edema?") == [
        {"role": "system", "content": 'Reply as {"right": true}.'},
        {"role": "user", "content": "Q: Is {there} edema?"},
    ]
