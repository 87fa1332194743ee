"""A text in plain letters, and the way back from each character to the text as it was written."""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable

Offsets = list[tuple[int, int]]
"""(i, n): from plain[i] on, the character stands n further on in the text. [] where the two agree."""

_BLANK_FOR_SIGN = str.maketrans(dict.fromkeys('-/_*"“”\n\r\t\xa0#', " ") | {"’": "'"})
_MARK = re.compile('[-–−/_*"“”’\n\r\t\xa0#]')
_MINUS_SIGNS = re.compile(
    r"\( ?[-–−] ?\)(?:ve\b)?|\[ ?[-–−] ?\]|(?<![\w-])[-–−]ve\b"
    r"|(?<=: )[-–−](?=\s*(?:[,;.\n]|$))|(?<= )−(?=\s*$)"
)  # (-), [-], -ve, ": -": "no"
_BLANKS = re.compile("  +")


def normalise(text: str) -> tuple[str, Offsets]:
    """Lower case, with hyphens and breaks as single blanks; and where it drifts from `text`."""
    plain = text.lower()
    if len(plain) != len(text):
        plain = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    if _MARK.search(plain):
        if any(sign in plain for sign in ("-)", "-ve", "-]", "−", "–)", ": -", ": –")):
            plain = _MINUS_SIGNS.sub(lambda sign: " no".ljust(len(sign[0])) if len(sign[0]) > 2 else "✗", plain)
        plain = plain.translate(_BLANK_FOR_SIGN)
    if "  " not in plain:
        return plain, []
    offsets, shift = [], 0
    for run in _BLANKS.finditer(plain):
        keep = run.start() + 1 - shift
        shift += run.end() - run.start() - 1
        offsets.append((keep, shift))
    return _BLANKS.sub(" ", plain), offsets


def original(offset: int, offsets: Offsets) -> int:
    """Where the character at `offset` of the plain text stands in the text."""
    return offset + offsets[at - 1][1] if (at := bisect_right(offsets, (offset, sys.maxsize))) else offset


def with_words(plain: str, offsets: Offsets, words: Iterable[tuple[int, int, str]]) -> tuple[str, Offsets]:
    """The text with other words in the places of some: (start, end, word), in order; and its offsets.

    A word of another length drifts at its last letter, so that its own start and end are those of the word it replaces.
    """
    pieces: list[str] = []
    drift: Offsets = []  # from the new text to `plain`
    word_end = length = growth = 0
    for start, end, word in words:
        pieces += plain[word_end:start], word
        length += start - word_end + len(word)
        growth += len(word) - (end - start)
        drift.append((length - 1, -growth))
        word_end = end
    pieces.append(plain[word_end:])
    text = "".join(pieces)
    if not offsets:
        return text, drift
    both: Offsets = []
    for i in range(len(text)):
        further = original(original(i, drift), offsets) - i
        if further != (both[-1][1] if both else 0):
            both.append((i, further))
    return text, both
