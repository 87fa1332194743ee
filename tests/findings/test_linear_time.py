"""The time is in proportion to the length of a report, of a sentence and of a list of steps, whatever they hold."""

import random
from collections.abc import Callable

import pytest

from cxr_cli.answers.steps import as_steps
from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.lexicon import expand
from cxr_cli.labelling.readings import explained_reading, section_rows
from tests.timing import assert_linear

NOISE = [
    "a", "Ao", ".", "possible ", "option b which ", "3 mm nodule, ", "3 x ", "chronic emphysematous ", "-", "one, ",
    "pleural effusionx ", "effusion at the ", "effusion: none, ", "effusion: no, ", "no effusion, ", "that of ",
    "cannot be excluded ", "more likely edema than mass, ", "not seen, ", "? effusion ", "left larger than right ",
    "tip not seen ", "edema or ", "a step\n", "1. ", "\n", "<", " ", "_", "*", "FINDINGS: ", "ABCDEF GHIJK: ",
    "COMPARISON:\n", "| a | b |\n", "~~", "&a", "<b>", "\\n", "WET READ: ", "64F ", "the prior CT showed ", "e.g. ",
    "lungs clear ", "a....",
]  # fmt: skip
READINGS: dict[str, Callable[[str], object]] = {
    "findings": lambda text: reader().read(text),
    "between letters": lambda text: reader().read(f"a{text}a"),
    "sections": section_rows,
    "explained": lambda text: explained_reading("a", text, reader()),
    "steps": as_steps,
}


@pytest.mark.parametrize("noise", NOISE)
def test_time_is_linear_in_the_length(noise: str) -> None:
    for reading in READINGS.values():
        assert_linear(reading, noise, short=5_000)


def test_time_is_linear_in_the_length_of_a_word() -> None:
    assert_linear(lambda text: reader().read(f"{text} is seen"), "ab", short=50_000)


def test_time_is_linear_in_fragments_of_the_lexicon() -> None:
    """Random pieces of its phrases, with signs between them, each many times."""
    rng = random.Random(14)
    data = Lexicon.load().data
    terms = [term for finding in data["finding"] for term in finding.get("terms", ())]
    terms += [
        term for kind in ("cue", "side", "zone", "severity", "change") for own in data[kind].values() for term in own
    ]
    for _ in range(40):
        phrases = [next(expand(term)) for term in rng.sample(terms, rng.randint(1, 4))]
        signs = rng.choices([" ", ", ", ". ", ": ", "? ", "; ", "\n", " - ", ""], k=len(phrases))
        cut = [phrase[: rng.randint(1, len(phrase))] if rng.random() < 0.3 else phrase for phrase in phrases]
        noise = "".join(phrase + sign for phrase, sign in zip(cut, signs, strict=True))
        assert_linear(reader().read, noise, short=4_000)
