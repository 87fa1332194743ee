"""The sentences of a text, with character offsets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cxr_cli.findings.sections import sections

# A sentence ends at . ! ? before a blank (never inside a number), at a full stop glued to a capital, at a blank line,
# and before a bullet or a numbered or lettered item on its own line.
# (One set of characters up front lets the search skip all others.)
_END = re.compile(
    r"[.!?;\n<](?:(?<=[.!?])[.!?]*[\"')\]*]*(?=\s|$|<)|(?<=[a-z)]\.)(?=[A-Z])|(?<=;)(?=\s)|(?<=[:;]\n)"
    r"|(?<=\n)(?:\s*\n|(?=\s*(?:[-*•]|\d{1,2}[.)]|[A-H][.)]|#)))|(?<=<)/?\w+>)"
)
_ABBREVIATION = re.compile(
    r"\b(?:dr|mr|mrs|ms|vs|approx|e\.g|i\.e|eg|ie|fig|st|cf|etc|resp|incl|bilat|lt|rt)$", re.IGNORECASE
)


class Sentence(NamedTuple):
    """`text[start:end]`, and the section it stands in ("" before any heading)."""

    start: int
    end: int
    section: str


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text in order; items of numbered lists are sentences of their own."""
    for section, start, stop, _ in sections(text):
        for match in _END.finditer(text, start, stop):
            begin, end = match.span()
            if end == begin + 1 and text[begin] == "." and _ABBREVIATION.search(text, max(start, begin - 8), begin):
                continue
            if sentence := _trimmed(text, start, end, section):
                yield sentence
            start = end
        if sentence := _trimmed(text, start, stop, section):
            yield sentence


def _trimmed(text: str, start: int, end: int, section: str) -> Sentence | None:
    while start < end and text[start] in " \t\r\n.*•-#":
        start += 1
    while end > start and text[end - 1] in " \t\r\n*":
        end -= 1
    return Sentence(start, end, section) if end - start > 2 else None
