"""The form in which a model is asked to reply, and the parts of what it replies."""

import pytest

from cxr_cli.answers.replies.reply_format import completion_text, option_letter, parse_prompt, prompt_text
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.errors import CxrError


def test_layout_is_the_published_one() -> None:
    prompt = prompt_text("Does this chest X-ray show edema?", ["Yes", "No"])
    assert prompt == "Does this chest X-ray show edema? Options:\nA) Yes\nB) No"
    assert parse_prompt(prompt + "\nLet's think step by step.") == ("Does this chest X-ray show edema?", ["Yes", "No"])
    assert prompt_text("Which findings are in this chest X-ray?", []) == "Which findings are in this chest X-ray?"
    assert parse_prompt("No options here") == ("No options here", [])
    assert parse_prompt("Which?\n\nA. Yes\n B. No\nThink: now.") == ("Which?", ["Yes", "No"])
    assert parse_prompt("Which?\nA. Yes\nC. No") == ("Which?\nA. Yes\nC. No", [])
    assert completion_text(["The hila are hazy.", "That is edema."], "A") == (
        "<think> The hila are hazy. That is edema. </think><answer> A </answer>"
    )
    assert completion_text("Both.", ["A", "C"]) == "<think> Both. </think><answer> A, C </answer>"
    assert parse_reply(completion_text("x y", "A"))[:4] == ("x y", "A", "", True)
    assert (option_letter(0), option_letter(25)) == ("A", "Z")
    with pytest.raises(CxrError, match="option 27 has no letter"):
        option_letter(26)


@pytest.mark.parametrize(
    ("text", "think", "answer", "rest", "well_formed"),
    [
        ("<think>a</think><answer>B</answer>", "a", "B", "", True),
        (" <think> a < 3 cm </think>\n\n<answer> B </answer>\n", "a < 3 cm", "B", "", True),
        ("<think>a</think><answer>B</answer><|im_end|>", "a", "B", "", True),
        ("<think>a</think><answer>B</answer> So B.", "a", "B", "So B.", False),
        ("Hm. <think>a</think><answer>B</answer>", "a", "B", "Hm.", False),
        ("<answer>B</answer><think>a</think>", "a", "B", "", False),
        ("<think>a</think><answer></answer>", "a", None, "", False),
        ("<think> </think><answer>B</answer>", None, "B", "", False),
        ("<Think>a</Think><Answer>B</Answer>", "a", "B", "", False),
        ("<think>a <answer>B</answer></think>", "a", "B", "", False),
        ("<answer><answer>B</answer></answer>", None, "B", "", False),
        ("<think>a</think><answer>B", "a", "B", "", False),
        ("<think>a</think> B </answer>", "a", "B", "", False),
        ("a</think><answer>B</answer>", "a", "B", "", False),
        ("<think>a</think>", "a", None, "", False),
        ("<think>a", "a", None, "", False),
        ("<answer>A</answer><answer>B</answer>", None, "B", "", False),
        ("<think>a</think><answer>A</answer><think>b</think><answer>B</answer>", "a\nb", "B", "", False),
        ("plain", None, None, "plain", False),
        ("", None, None, "", False),
        ("system\nS\nuser\nQ <think></think>\nassistant\n<think>a</think><answer>B</answer>", "a", "B", "", True),
        ("USER: Q\n<answer>A</answer> ASSISTANT: <answer>B</answer>", None, "B", "", False),
        ("User tags are kept. The answer is B.", None, None, "User tags are kept. The answer is B.", False),
    ],
)
def test_split(text: str, think: str | None, answer: str | None, rest: str, well_formed: bool) -> None:
    assert parse_reply(text)[:4] == (think, answer, rest, well_formed)
