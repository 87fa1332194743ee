"""A report's sections and sentences, with character offsets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

SECTIONS = {
    "findings": "findings",
    "finding": "findings",
    "impression": "impression",
    "impressions": "impression",
    "conclusion": "impression",
    "opinion": "impression",
    "indication": "indication",
    "indications": "indication",
    "clinical indication": "indication",
    "clinical information": "indication",
    "clinical history": "indication",
    "history": "indication",
    "reason": "indication",
    "reason for exam": "indication",
    "reason for examination": "indication",
    "reason for study": "indication",
    "comparison": "comparison",
    "comparisons": "comparison",
    "technique": "technique",
    "examination": "technique",
    "exam": "technique",
    "study": "technique",
    "procedure": "technique",
    "views": "technique",
    "recommendation": "recommendation",
    "recommendations": "recommendation",
}
WITHOUT_FINDINGS = frozenset({"indication", "comparison", "technique", "recommendation"})
"""Sections whose sentences state no finding of this study."""

_NAMES = "|".join(sorted((name.replace(" ", " +") for name in SECTIONS), key=len, reverse=True))
# What stands before a colon: at the start of a line or a sentence in any case, anywhere in capitals.
_HEADING = re.compile(rf"(?:(?:^|(?<=[\n.!?;]))[ \t#*]*((?i:{_NAMES}))|(?<!\w)({_NAMES.upper()}))[ \t*]*$")
_LONGEST = max(map(len, SECTIONS)) + 8
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


def sections(text: str) -> Iterator[Sentence]:
    """The sections of a report, each without its heading."""
    name, start = "", 0
    colon = text.find(":")
    while colon >= 0:
        window = max(start, colon - _LONGEST)
        if match := _HEADING.search(text[window:colon]):
            yield Sentence(start, window + match.start(), name)
            name, start = SECTIONS[" ".join((match[1] or match[2]).lower().split())], colon + 1
            while start < len(text) and text[start] in " \t*":
                start += 1
        colon = text.find(":", colon + 1)
    yield Sentence(start, len(text), name)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text in order; items of numbered lists are sentences of their own."""
    for start, stop, section in sections(text):
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
