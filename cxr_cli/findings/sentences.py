"""The sentences of a text, with character offsets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cxr_cli.findings.clauses.clause_spans import PRONOUN
from cxr_cli.findings.finding import new_tuple
from cxr_cli.findings.sections import plain_text, sections

# A sentence ends at . ! ? before a blank (never inside a number), at a full stop glued to a capital, at a blank line,
# before a bullet or a numbered or lettered item on its own line, and at a line's end that no wrapping has made.
# (One set of characters up front lets the search skip all others.)
_SENTENCE_BREAK = re.compile(
    r"[.!?;\n<](?:(?<=(?<![.!?])[.!?])[.!?]*[\"')\]*]*(?=\s|$|<)|(?<=[a-z)]\.)(?=[A-Z])|(?<=;)(?=\s)|(?<=[:;]\n)"
    r"|(?<=\n)(?:\s*\n|(?=\s*(?:[-*•]|\d{1,2}[.)]|[A-H][.)]|#))|(?P<line>(?<=\n)(?=[ \t]*[A-Z][a-z ])))|(?<=<)/?\w+>)"
)
_ABBREVIATIONS = (
    *("dr", "mr", "mrs", "ms", "vs", "approx", "e.g", "i.e", "eg", "ie", "fig", "st", "cf", "etc", "resp", "incl"),
    *("bilat", "lt", "rt", "neg", "evid", "poss", "prob"),
)
_LAST_TWO_LETTERS = frozenset(word[-2:] for word in _ABBREVIATIONS)
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(map(re.escape, _ABBREVIATIONS))})(?<![a-z] neg)$", re.IGNORECASE)
_TWO_SIDES = re.compile(r"[LR]T\.\s+(?:left|right)\b", re.IGNORECASE)  # radiotherapy, before a side
_GOES_ON = re.compile(
    r"(?:[,(/&–-]|\b(?:a|an|and|are|at|by|for|in|is|no|of|on|or|the|to|with|without))[ \t]*$", re.IGNORECASE
)
_LIST_FOLLOWS = re.compile(r" (?:or|nor)\b")  # "no eff. or PTX"
_VALUE = re.compile(r"(?:No|None|Nil|Absent|Negative|Normal|Yes|Present)[ \t.]*(?:\n|$)")  # of what stands above it
_REPLY_FOLLOWS = re.compile(r"[ \t]*(?:no|none|nil|absent|negative|yes|present)[ \t.]*(?:\n|$)", re.IGNORECASE)
_NARROWEST = 50  # columns that a text may be wrapped at
_NEXT_WORD = re.compile(r"[ \t]*(\S+)")
LONGEST_SENTENCE = 2000
"""Characters: three times as many as the longest of a quarter of a million real ones. A longer run of words is no
sentence, and is cut between two words, so that the time to read a text stays in proportion to its length."""


class Sentence(NamedTuple):
    """`text[start:end]`, and the section it stands in ("" before any heading)."""

    start: int
    end: int
    section: str


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text in order; items of numbered lists are sentences of their own."""
    text = plain_text(text)
    for section, start, stop, _ in sections(text):
        for end in sentence_ends(text, start, stop):
            if sentence := _without_marks(text, start, end, section):
                yield sentence
            start = end


def sentence_ends(text: str, start: int, stop: int) -> list[int]:
    """Where the sentences of text[start:stop] end; the last one ends at `stop`."""
    ends: list[int] = []
    width = 0
    for match in _SENTENCE_BREAK.finditer(text, start, stop):
        begin, end = match.span()
        mark = text[begin]
        if mark == "?" and not text[max(start, begin - 1) : begin].strip("?([ \n"):
            continue  # "opacity ? pneumonia", "(?effusion)"
        ends_word = mark == "." and end == begin + 1 and text[max(0, begin - 2) : begin].lower() in _LAST_TWO_LETTERS
        if ends_word and _is_abbreviation(text, start, begin):
            continue
        if mark == "." and _LIST_FOLLOWS.match(text, end):
            continue
        if mark == ";" and PRONOUN.match(text, end):
            continue  # "the angles are checked; both are sharp"
        if mark == "." and end > begin + 1 and _REPLY_FOLLOWS.match(text, end):
            continue  # "Pleural effusion ...... no"
        if match.lastgroup:
            width = width or max(map(len, text[start:stop].split("\n")))
            if _goes_on(text, begin, width):
                continue
        ends += _cuts(text, start, end)
        start = end
    return ends + _cuts(text, start, stop)


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Where the pieces of a sentence end, the last one at its own end."""
    cuts = []
    while end - start > LONGEST_SENTENCE:
        start = text.rfind(" ", start + 1, start + LONGEST_SENTENCE) + 1 or start + LONGEST_SENTENCE
        cuts.append(start)
    return [*cuts, end]


def _is_abbreviation(text: str, start: int, end: int) -> bool:
    """Does an abbreviation end at `end`, before a full stop of its own?"""
    start = max(start, end - 8)
    if not text[start:end].lower().endswith(_ABBREVIATIONS) or not _ABBREVIATION.search(text, start, end):
        return False
    return not _TWO_SIDES.match(text, end - 2)


def _goes_on(text: str, end: int, width: int) -> bool:
    """Does the sentence go on in the next line? It does if the next word had no room in the line that ends here, and
    if this one ends in the midst of a phrase."""
    begin, word = text.rfind("\n", 0, end) + 1, _NEXT_WORD.match(text, end + 1)
    full = (
        word is None
        or bool(_VALUE.match(text, word.start(1)))
        or end - begin + 1 + len(word[1]) > max(width, _NARROWEST)
    )
    return full or bool(_GOES_ON.search(text, max(begin, end - 12), end))


def _without_marks(text: str, start: int, end: int, section: str) -> Sentence | None:
    while start < end and text[start] in " \t\r\n.*•-#":
        if text[start] == "-" and text.startswith("ve", start + 1):  # "-ve for pneumothorax"
            break
        start += 1
    while end > start and text[end - 1] in " \t\r\n*":
        end -= 1
    if end - start > 2 or text[start:end].lower() == "no":
        return new_tuple(Sentence, (start, end, section))
    return None
