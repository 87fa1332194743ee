"""The cache of what is made of texts: short ones are kept, long ones are not."""

from cxr_cli.findings import Lexicon, Reader
from cxr_cli.findings.sections.text_cache import LONGEST_KEPT, cached_by_text, length_together


def test_what_is_made_of_a_long_text_is_not_kept() -> None:
    calls: list[tuple[int, int]] = []

    @cached_by_text(8)
    def size(text: str, times: int = 1) -> int:
        calls.append((len(text), times))
        return len(text) * times

    longest, longer = "a" * LONGEST_KEPT, "a" * (LONGEST_KEPT + 1)
    assert [size(longest), size(longest), size(longest, 2)] == [LONGEST_KEPT, LONGEST_KEPT, 2 * LONGEST_KEPT]
    assert [size(longer, 2), size(longer, 2)] == [2 * LONGEST_KEPT + 2] * 2
    assert calls == [(LONGEST_KEPT, 1), (LONGEST_KEPT, 2), (LONGEST_KEPT + 1, 2), (LONGEST_KEPT + 1, 2)]


def test_texts_count_together() -> None:
    calls: list[int] = []

    @cached_by_text(8, length_together)
    def count(texts: tuple[str, ...]) -> int:
        calls.append(len(texts))
        return len(texts)

    half = "a" * (LONGEST_KEPT // 2)
    assert [count((half, half)), count((half, half)), count((half, half, "a")), count((half, half, "a"))] == [
        2,
        2,
        3,
        3,
    ]
    assert calls == [2, 3, 3]


def test_a_reader_keeps_what_short_texts_state_and_not_what_long_ones_do() -> None:
    reader = Reader(Lexicon.load())
    short, long = "No edema.", "No edema." + " " * LONGEST_KEPT
    assert reader.read(long) == reader.read(short)
    assert reader.statements(short)[0] is reader.statements(short)[0]
    assert reader.statements(long)[0] is not reader.statements(long)[0]
