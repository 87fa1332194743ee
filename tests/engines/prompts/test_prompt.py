"""Prompts: placeholders, worked examples, and replies that only repeat them."""

import pytest

from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.mining.llm_steps import PROMPTS as MINING
from cxr_cli.scoring.judges.llm import PROMPTS as SCORING
from cxr_cli.verifying.judges.llm import PROMPTS as VERIFYING

PACKAGED = {**MINING, **VERIFYING, **SCORING}
ASKING = sorted(name for name, prompt in PACKAGED.items() if prompt.system)


def test_only_names_in_braces_are_placeholders() -> None:
    prompt = Prompt('Reply as {"right": true}.\n---\nQ: {question}')
    assert prompt.placeholders == {"question"}
    assert prompt.messages(question="Is {there} edema?") == [
        {"role": "system", "content": 'Reply as {"right": true}.'},
        {"role": "user", "content": "Q: Is {there} edema?"},
    ]


def test_an_example_is_a_turn_before_the_question_and_part_of_the_digest() -> None:
    text = "Name what is seen.\n---\nQ: {question}"
    prompt = Prompt(text, {"question": "Is it round?", "reply": {"seen": ["a round mass"]}})
    assert prompt.messages(question="Is it flat?")[1:] == [
        {"role": "user", "content": "Q: Is it round?"},
        {"role": "assistant", "content": '{"seen":["a round mass"]}'},
        {"role": "user", "content": "Q: Is it flat?"},
    ]
    assert prompt.digest != Prompt(text).digest


def test_an_echo_is_a_text_of_five_words_that_stands_in_instruction_or_example() -> None:
    prompt = Prompt(
        "Say where you look, in one line.\n---\n{question}", {"question": "?", "reply": ["A round mass, at the apex."]}
    )
    assert prompt.is_echo("a round  MASS at the apex")
    assert prompt.is_echo("where you look, in one")
    assert not prompt.is_echo("A round mass.")
    assert not prompt.is_echo("A round mass at the left apex.")
    assert not prompt.is_echo("around mass at the apex")


@pytest.mark.parametrize("name", ASKING)
def test_each_packaged_prompt_has_an_example_with_all_that_it_needs(name: str) -> None:
    prompt = PACKAGED[name]
    assert prompt.example is not None
    assert prompt.example.keys() == Prompt(prompt.user).placeholders | {"reply"}
    assert "such as {" not in prompt.system  # a skeleton, which small models copy
