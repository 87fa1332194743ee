"""--judge and --show-prompt."""

import pytest

from tests.conftest import Cxr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--judge", "llm"], "--judge llm asks a model: name one with -m MODEL|URL."),
        (["-m", "http://localhost:9/v1"], "-m is for --judge llm."),
        (["--no-cache"], "--no-cache needs a model: name one with -m MODEL|URL."),
    ],
)
def test_a_judge_and_its_model_go_together(cxr: Cxr, flags: list[str], said: str) -> None:
    for command in ("verify", "score"):
        done = cxr(command, *flags, stdin="")
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_prompts_are_shown(cxr: Cxr) -> None:
    for command, names in (
        ("mine", ["plan", "evidence", "refine", "normal", "unknown"]),
        ("verify", ["steps", "normal", "unknown"]),
        ("score", ["findings", "correct", "recalled", "effective", "normal", "unknown", "same"]),
    ):
        done = cxr(command, "--show-prompt")
        assert (done.returncode, done.stderr) == (0, "")
        assert [line[6:-4] for line in done.stdout.splitlines() if line.startswith("===== ")] == names
        assert "You are an experienced chest radiologist" in done.stdout
