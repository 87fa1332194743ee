"""Requests for JSON: what is read of a reply that lacks its last brackets."""

from typing import Any

import pytest

from cxr_cli.engines.prompts.json_schema import array_of, object_of, text_within
from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.engines.prompts.structured import Failure, Model
from cxr_cli.engines.requests import Reply
from cxr_cli.mining.llm_steps import PROMPTS

SCHEMA = object_of(seen=array_of(object_of(text=text_within(20)), 1, 3))
NOT_JSON = Failure("unparsable: not JSON")


def result(text: str, finish: str = "stop") -> Any:
    """What `Model.ask` makes of two such replies."""
    asking = Model(None).ask("a", Prompt("Look."), SCHEMA, lambda value: value["seen"])  # type: ignore[arg-type]
    reply: list[Reply] | None = None
    try:
        while True:
            [request] = asking.send(reply) if reply else next(asking)
            reply = [Reply(request.id, text, finish)]
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ('{"seen": [{"text": "a ] }"}]}', "stop"),
        ('{"seen": [{"text": "a ] }"', "stop"),  # the blanks after it were left out by the server that stopped it there
        ('{"seen": [{"text": "a ] }"\n\n\n', "length"),
        ('Here it is: {"seen": [{"text": "a ] }"}]\n', "stop"),
    ],
)
def test_brackets_that_a_reply_lacks_are_added(text: str, finish: str) -> None:
    assert result(text, finish) == [{"text": "a ] }"}]


@pytest.mark.parametrize(
    "text",
    ['{"seen": [{"text": "a', '{"seen": [{"text": "a",', '{"seen": [{"text":', '{"seen": [{"text": "a"]', "[", "", "{"],
)
def test_nothing_else_is_added(text: str) -> None:
    failure = result(text)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("unparsable: ")


def test_a_reply_that_was_cut_off_stays_so() -> None:
    assert result('{"seen": [{"text": "a"}', "length") == Failure("cut off at max tokens: raise --max-tokens")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "...",
            "string",
            " Place ",
            "Write observations and reason.",
            "For what does one look at, and for which signs?",
        ),
        "Is there consolidation in this chest X-ray?",
        "The right answer: Yes. Write observations and reason.",
    ],
)
def test_what_only_repeats_the_prompt_is_no_step(text: str) -> None:
    question = "Is there consolidation in this chest X-ray?\nA. Yes\nB. No"
    assert PROMPTS["plan"].is_echo(text, question) or PROMPTS["refine"].is_echo(text, question)


@pytest.mark.parametrize(
    "text", ["", "the lungs", "There is consolidation.", "No.", "So the right answer is Yes.", "Signs of edema"]
)
def test_a_text_of_its_own_is_none(text: str) -> None:
    question = "Is there consolidation in this chest X-ray?"
    assert not any(PROMPTS[name].is_echo(text, question) for name in ("plan", "evidence", "refine"))
