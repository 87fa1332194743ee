"""The time is in proportion to the length of a report, a reply, a question, an option, a step, whatever they hold."""

import pytest

from tests.timing import EVERYTHING, KINDS, READINGS, SIGNS, is_linear, random_kinds


@pytest.mark.parametrize("name", READINGS)
def test_time_is_linear_in_the_length(name: str) -> None:
    kinds = [*KINDS, *random_kinds(14, 25)] if name in EVERYTHING else SIGNS
    length = 3_000 if name in EVERYTHING else 2_500
    assert [kind for kind in kinds if not is_linear(READINGS[name], kind, length)] == []


def test_time_is_linear_in_the_length_of_a_word() -> None:
    assert is_linear(READINGS["report"], ("1", "ab", " is seen"), 50_000)


def test_time_is_linear_in_the_length_of_what_is_no_sentence() -> None:
    assert is_linear(READINGS["report"], ("1 ", "effusion at the ", ""), 31_000)
