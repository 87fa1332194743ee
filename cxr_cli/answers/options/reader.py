"""A text in which the options of a question are looked for.

Cues are read in the text, options in its shadow: the same text, where each option that it names is one private
character, by the option's index, and fillers up to the old length. So one set of patterns, made once, reads the options
of every question.
"""

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from cxr_cli.answers.options.letters import FILLER, OPTION_PATTERN, PRIVATE, ends_clause, letter_index
from cxr_cli.answers.options.names import OptionSet, PhrasePlace
from cxr_cli.answers.wording.cues import CONDITION, Cue
from cxr_cli.findings import reader as findings_reader
from cxr_cli.findings.sentences import sentence_ends

OPTION_MENTION = re.compile(OPTION_PATTERN)
_NEXT_OPTION = re.compile(r"\s*(?:,\s*(?:and|or)\b|[,;/&+]|\band\b|\bor\b|\n\s*-?)\s*")
_MARGIN, _FAR = 400, 600  # characters
_STAND_IN_FINDING = "pneumothorax"


class OptionMention(NamedTuple):
    """text[start:end] names these options by index; -1 is a letter that no option has. either: joined by "or"."""

    start: int
    end: int
    options: frozenset[int]
    either: bool = False


class OptionReader:
    """A cleaned text, searched for the options of its question. Each search is done once, when it is first needed."""

    def __init__(self, text: str, options: OptionSet) -> None:
        self.text = text
        self.options = options
        self._cues: dict[Cue, list[int]] = {}

    @cached_property
    def lower(self) -> str:
        return self.text.lower()

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        return sentence_spans(self.text)

    @cached_property
    def phrase_places(self) -> list[PhrasePlace]:
        """Where the text or a synonym of an option stands."""
        return self.options.search.find(self.lower)

    @cached_property
    def shadow(self) -> str:
        """The text with a private character and fillers for each option named."""
        parts, at = [], 0
        for start, end, word in self.phrase_places:
            parts += [self.text[at:start], chr(PRIVATE + self.options.names[word]), FILLER * (end - start - 1)]
            at = end
        return "".join([*parts, self.text[at:]])

    def has_cue(self, cue: Cue, start: int = 0, end: int | None = None) -> bool:
        """Does text[start:end] hold the cue?"""
        if cue not in self._cues:
            self._cues[cue] = [match.start() for match in cue.finditer(self.lower)]
        at = self._cues[cue]
        i = bisect_left(at, start)
        return i < len(at) and (end is None or at[i] < end)

    def sentences_around(self, start: int, end: int) -> tuple[int, int]:
        """The (start, end) of the sentences that text[start:end] lies in, at most 400 more to either side."""
        if not self.sentences:
            return start, end
        first = max(bisect_right(self.sentences, (start, 1 << 60)) - 1, 0)
        last = max(bisect_right(self.sentences, (max(end - 1, start), 1 << 60)) - 1, first)
        return max(self.sentences[first][0], start - _MARGIN), min(self.sentences[last][1], end + _MARGIN)

    def status_in_place(self, a: int, b: int, start: int, end: int) -> str | None:
        """The status of text[a:b], which is no finding, in text[start:end]: that of a finding in its place.

        Of a sentence that never ends the words near by are read, so that many such places cost no more than their
        number.
        """
        before = self.text[max(start, a - _FAR) : a]
        findings = findings_reader().read(before + _STAND_IN_FINDING + self.text[b : min(end, b + _FAR)])
        return next((f.status for f in findings if f.start <= len(before) < f.end), None)

    def is_conditional(self, mention: OptionMention) -> bool:
        """Does the mention depend on an "if": "if they are absent, the answer would be B"?"""
        return self.has_cue(CONDITION, *self.sentences_around(mention.start, mention.end))

    def options_in(self, match: re.Match[str]) -> frozenset[int]:
        """The options in a match of OPTION_PATTERN."""
        if match["text"]:
            return frozenset([ord(match["text"][0]) - PRIVATE])
        return self.options_of_letter(match["letter"], match["own"], match.end("own"))

    def options_of_letter(self, mark: str, other_text: str | None, end: int) -> frozenset[int]:
        """The option of a letter; with another option's text behind it, up to `end`, both."""
        indexes = {letter_index(mark, len(self.options.texts))}
        if other_text and ends_clause(self.shadow, end):
            indexes.add(ord(other_text[0]) - PRIVATE)
        return frozenset(indexes)

    def run_from(self, start: int) -> OptionMention | None:
        """The options named one after the other from `start`: "A, C and D", "A or B", one a line."""
        match = OPTION_MENTION.match(self.shadow, start)
        if not match:
            return None
        indexes, end, either = self.options_in(match), match.end(), False
        while (joint := _NEXT_OPTION.match(self.lower, end)) and (
            match := OPTION_MENTION.match(self.shadow, joint.end())
        ):
            indexes, end = indexes | self.options_in(match), match.end()
            either = either or "or" in joint[0]
        return OptionMention(start, end, indexes, either)


def option_start(match: re.Match[str]) -> int:
    """Where the option begins in a match: at its letter, else at its text."""
    return match.start("letter") if match["letter"] else match.start("text")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence, as reports are read."""
    return [(a, b) for a, b in pairwise([0, *sentence_ends(text, 0, len(text))]) if text[a:b].strip()]
