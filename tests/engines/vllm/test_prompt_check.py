"""vLLM's prompt beside that of the model's processor."""

from typing import Any

import pytest

from cxr_cli.engines.vllm.prompt_check import PromptCheck


class Processor:
    """Makes a token of each word, and two of each film."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, text: list[str], images: Any = ((),), *, add_special_tokens: bool) -> dict[str, Any]:
        self.calls += 1
        return {"input_ids": [[*map(len, text[0].split()), *(0, 0) * len(images[0])]]}


def test_the_first_difference_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    check = PromptCheck(Processor())
    check.compare("Is it?", [], [2, 3])
    check.compare("Is it?", ["film"], [2, 3, 0, 0])
    assert capsys.readouterr().err == ""
    for _ in range(2):
        check.compare("Is it?", ["film", "film"], [2, 3, 0, 0, 0, 0, 0])
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("cxr: WARNING: vLLM's prompt has 7 tokens instead of 6 where a question has 2 films, so ")


def test_few_prompts_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """The processor would take each film a second time."""
    processor = Processor()
    check = PromptCheck(processor)
    for _ in range(9):
        check.compare("Is it?", [], [2, 3])
        check.compare("Is it?", ["film"], [2, 3, 0, 0])
    assert processor.calls == 8
    assert capsys.readouterr().err == ""
    PromptCheck(processor).compare("Is it?", ["film"], [2, 4, 0, 0])
    assert "vLLM's prompt has other tokens where a question has 1 films" in capsys.readouterr().err
