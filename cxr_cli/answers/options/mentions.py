"""Where a reply names one of its question's options: after an answer's cue, as a marked option, or alone on a line.

Cues are read in the reply's text, options in its shadow: the same text, where each option that it names is one private
character, by the option's index, and fillers up to the old length. So one set of patterns, made once, reads the options
of every question.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from cxr_cli.answers.cues import (
    CHOICE,
    CONCLUDES,
    CONDITION,
    DECIDES,
    FAVOURS,
    NAMES_ANSWER,
    SAYS_RIGHT,
    Cue,
    right_option,
    sentence_spans,
)
from cxr_cli.answers.options.names import OptionSet, PhrasePlace

PRIVATE, FILLER = 0xE000, "\uf8ff"
NAMED = f"[{chr(PRIVATE)}-\uf8fe]{FILLER}*+"
_EDGE = (
    r"(?=\s*(?:$|[\n.,;:!?)\]}\"'–—/&>])|\s+-|\s+(?:because|since|as|due|and|or|which|based|given)\b"
    rf"|\s+(?:is|are|would be|seems|appears){right_option()})"
)
_FILL = (
    r"(?:[\s:\"'(\[\-–—>=]|\b(?i:likely|probably|most|therefore|thus|clearly|simply|indeed|definitely|that|to be"
    r"|derived|only|still|now|both|either|option|choice)\b)*"
)
_LETTER = (
    r"\(\s*[A-Za-z]\s*\)|\[\s*[A-Za-z]\s*\]|(?<![\w'-])(?:[A-Za-z]\s?\)|[A-Z]\s?[.:](?=\s|$)|[A-Z]"
    rf"{_EDGE}|[A-Z](?=\s+(?:is|seems|appears)\s+(?:to be\s+)?(?:the\s+)?(?:\w+\s+)?(?:correct|right|best|answer))"
    rf"|[a-z](?=[.:]?\s*(?:$|\n))|[A-Z](?=\s+{NAMED}(?!\w)))"
)
_OPTION = (
    rf"(?:(?i:options?|choices?|letter)\s*:?\s*)?(?:(?:(?i:an?|the)\s+)?(?<![\w-])(?P<text>{NAMED}){_EDGE}"
    rf"|(?P<letter>{_LETTER})(?:[\s:.,\"(\-–—]{{0,4}}(?P<own>{NAMED})(?!\w))?)"
)
_MENTION = re.compile(_OPTION)
_ANSWER = re.compile(_FILL + _OPTION)
_LINE = re.compile(rf"[ \t\-–>]*{_OPTION}[ \t.!)\]\"']*$", re.M)
_MARK = re.compile(r"(?:[(\[]\s*[A-Za-z]\s*[)\]]|(?<![\w'-])(?:[A-Z]\s?[).:]|[a-z]\)))[\s:.,\"(\-–—]{0,4}\Z")
_LINK = re.compile(r"[^.!\n:]*?\b(?:is|are|was|be|seems|appears)\b")
_COLON = re.compile(r"\s*[:=]|\s+[-–—>]+\s|\s*\n")
_GAP = re.compile(r"[\s\"'),:\-–—]{0,6}")
_FIRST = re.compile(r"\W*(yes|no)\b(?=\s*(?:[,.;:!\n–—-]|$)|\s+(?:this|the|there|it|i|based)\b)")
_ALONE = re.compile(r"(yes|no)(?:[.!]\s*(?=\n|$)|\s*$)")
_HENCE = re.compile(r"\b(?:so|hence|thus|therefore|then|means)[,:]? (?:it is |it's |a )?(yes|no)[.!]*\s*\Z")
_REFUTED = re.compile(
    r"\W{0,5}(?:(?:does|do|is|are|can|could|would|may)(?:n't|\s+not)|cannot|is (?:unlikely|incorrect|wrong|ruled out)"
    r"|(?:can|could) be (?:ruled out|eliminated|excluded))\b"
)
_WRONG = re.compile(
    r"(?<![\w'-])(?:[(\[]?(?P<letter>[A-Z])[)\].]?)(?:\W{1,3}[^.\n]{1,60}?)?\s+(?:is|are) "
    r"(?:clearly |therefore |also )?(?:incorrect|wrong|not (?:correct|right|the (?:right|correct))"
    r"|ruled out|excluded|eliminated)\b"
)
_NEXT = re.compile(r"\s*(?:,\s*(?:and|or)\b|[,;/&+]|\band\b|\bor\b|\n\s*-?)\s*")
_NEWLINE = re.compile("\n")
_REACH, _SHORT = 400, 200

ends_clause = re.compile(_EDGE).match


class OptionMention(NamedTuple):
    """text[start:end] names these options by index; -1 is a letter that no option has."""

    start: int
    end: int
    options: frozenset[int]


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
        """The (start, end) of the sentences that text[start:end] lies in, at most `_REACH` more to either side."""
        if not self.sentences:
            return start, end
        first = max(bisect_right(self.sentences, (start, 1 << 60)) - 1, 0)
        last = max(bisect_right(self.sentences, (max(end - 1, start), 1 << 60)) - 1, first)
        return max(self.sentences[first][0], start - _REACH), min(self.sentences[last][1], end + _REACH)

    def is_conditional(self, mention: OptionMention) -> bool:
        """Does the mention depend on an "if": "if they are absent, the answer would be B"?"""
        return self.has_cue(CONDITION, *self.sentences_around(mention.start, mention.end))

    def _options_in(self, match: re.Match[str]) -> frozenset[int]:
        if match["text"]:
            return frozenset([ord(match["text"][0]) - PRIVATE])
        return self._by_letter(match["letter"], match["own"], match.end("own"))

    def _by_letter(self, mark: str, other_text: str | None, end: int) -> frozenset[int]:
        """The option of a letter; with another option's text behind it, up to `end`, both."""
        index = ord(next(c for c in mark if c.isalpha()).upper()) - ord("A")
        named = {index if index < len(self.options.texts) else -1}
        if other_text and (other := ord(other_text[0]) - PRIVATE) != index and ends_clause(self.shadow, end):
            named.add(other)
        return frozenset(named)

    def run_from(self, start: int) -> OptionMention | None:
        """The options named one after the other from `start`: "A, C and D", "A or B", one a line."""
        match = _MENTION.match(self.shadow, start)
        if not match:
            return None
        named, end = self._options_in(match), match.end()
        while (joint := _NEXT.match(self.lower, end)) and (match := _MENTION.match(self.shadow, joint.end())):
            named, end = named | self._options_in(match), match.end()
        return OptionMention(start, end, named)

    def explicit_mentions(self) -> list[OptionMention]:
        """Mentions behind "the answer is", "Answer:", "I choose" and the like, or before "is the correct answer"."""
        found: list[OptionMention] = []
        for cue in (NAMES_ANSWER, DECIDES):
            for match in cue.finditer(self.lower):
                starts = self._answer_starts(match.end()) if cue is NAMES_ANSWER else [match.end()]
                answer = next(filter(None, (_ANSWER.match(self.shadow, start) for start in starts)), None)
                run = answer and self.run_from(_start(answer))
                if run:
                    found.append(OptionMention(match.start(), run.end, run.options))
        for match in SAYS_RIGHT.finditer(self.lower):
            found += self._mentions_before(match)
        return sorted(found)

    def _answer_starts(self, start: int) -> Iterator[int]:
        """Where an answer may begin behind its cue: after each "is" of the clause, else after a colon or line end."""
        at, limit = start, start + 127
        while link := _LINK.match(self.lower, at, limit):
            at = link.end()
            yield at
        if colon := _COLON.match(self.lower, start):
            yield colon.end()

    def _mentions_before(self, verb: re.Match[str]) -> Iterator[OptionMention]:
        """The option before "is the correct answer"; before "are", all options that are named in a row."""
        several = verb[0].startswith("are")
        last = self.phrase_places[i - 1] if (i := bisect_left(self.phrase_places, (verb.start(),))) else (0, 0, "")
        near = last[0] if verb.start() - last[1] < 7 else verb.start()
        window = self.sentences_around(verb.start(), verb.end())[0] if several else max(near - 16, 0)
        for match in _MENTION.finditer(self.shadow, window, verb.end()):
            if match.start() >= verb.start():
                return
            one = OptionMention(match.start(), match.end(), self._options_in(match))
            run = self.run_from(match.start()) if several else one
            if run and _GAP.fullmatch(self.text, run.end, max(verb.start(), run.end)):
                if not self.lower.endswith(("neither ", "nor ", "none of "), 0, run.start):
                    yield OptionMention(run.start, verb.end(), run.options)
                return

    def marked_mentions(self) -> list[OptionMention]:
        """Options with their letter ("B) No"), alone on a line, favoured ("best fits option B"), or Yes/No up front."""
        found: dict[int, OptionMention] = {}
        end = -1
        for line in [0, *(match.end() for match in _NEWLINE.finditer(self.text))]:
            if line > end and (match := _LINE.match(self.shadow, line)):
                start, end = _start(match), match.end()
                found[start] = OptionMention(start, end, self._options_in(match))
        for start, end, _ in self.phrase_places:
            mark = _MARK.search(self.shadow, max(start - 16, 0), start)
            if mark and self.text[end : end + 1] != "-":
                at = mark.start() + next(i for i, c in enumerate(mark[0]) if c.isalpha())
                options = self._by_letter(self.text[at], self.shadow[start], end)
                found.setdefault(at, OptionMention(at, end, options))
        for match in CHOICE.finditer(self.lower):
            a, b = self.sentences_around(match.start(), match.end())
            at = match.end() - 1
            if self.text[at].isupper() and (self.has_cue(FAVOURS, a, b) or self.has_cue(CONCLUDES, a, match.start())):
                found.setdefault(at, OptionMention(match.start(), at + 1, self._by_letter(self.text[at], None, 0)))
        if self.options.yes_no:
            found = {**self._plain_yes_or_no(), **found}
        return [found[start] for start in sorted(found) if not _REFUTED.match(self.lower, found[start].end)]

    def wrong_options(self) -> frozenset[int]:
        """The options that the text calls wrong by their letters: "Option B is incorrect"."""
        return frozenset(ord(match["letter"]) - ord("A") for match in _WRONG.finditer(self.text))

    def _plain_yes_or_no(self) -> dict[int, OptionMention]:
        """Yes or No as the first word, or as a sentence at the end of a line; the key is where it stands."""
        spots = [match.span(1)] if (match := _FIRST.match(self.lower)) else []
        spots += [match.span(1)] if (match := _HENCE.search(self.lower, max(len(self.lower) - 40, 0))) else []
        for start, _, _ in self.phrase_places:
            before = self.text[max(start - 9, 0) : start]
            if (
                before[-1:].isspace()
                and before.rstrip().endswith((".", "!"))
                and (match := _ALONE.match(self.lower, start))
                and (match[0][-1:] in ".!\n" or len(self.text) <= _SHORT)  # a long text without an end is cut off
            ):
                spots.append(match.span(1))
        return {a: OptionMention(a, b, frozenset([self.options.names[self.lower[a:b]]])) for a, b in spots}


def _start(match: re.Match[str]) -> int:
    """Where the option begins in a match: at its letter, else at its text."""
    return match.start("letter") if match["letter"] else match.start("text")


def without_option_list(text: str, mentions: list[OptionMention], count: int, single: bool) -> list[OptionMention]:
    """The mentions without those that only repeat the options as a list: A), B), .. in order, one a line or close."""

    def starts_line(mention: OptionMention) -> bool:
        return not text[text.rfind("\n", 0, mention.start) + 1 : mention.start].strip(" -–>(")

    def follows(a: OptionMention, b: OptionMention) -> bool:
        return b.start - a.end <= 60 or (starts_line(a) and starts_line(b))

    kept: list[OptionMention] = []
    run: list[OptionMention] = []
    for mention in [*mentions, None]:
        if mention and mention.options == {len(run)} and (not run or follows(run[-1], mention)):
            run.append(mention)
            continue
        if len(run) < 2 or not (single or len(run) == count):
            kept += run
        run = [mention] if mention and mention.options == {0} else []
        if mention and not run:
            kept.append(mention)
    return kept
