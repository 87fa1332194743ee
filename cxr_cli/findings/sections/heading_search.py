"""Where the headings of a report stand, and what they head."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cxr_cli.findings.sections.headings import SILENT, TITLE, kind_of, may_begin

TITLED = "titled"
"""The kind of a film's name with a colon: what is seen on it follows."""
_LONGEST_NAME = 90  # characters of a heading
# The first word of a line, and what may stand before a heading: blanks, decoration, a number.
_FIRST_WORD = re.compile(r"[ \t>#*_=~|•\[(\"'–—-]*(?:(?:\d{1,2}|[IVX]{1,4})[.)][ \t]*[*_\[]*)?(?P<word>[^\W\d_]+)")
# (One set of characters up front lets these searches skip all others.)
_COLON_SIGN = re.compile(r"[:|\t：;>](?:(?<=[:|\t：])(?:(?<!\d.)|(?!\d))|(?<=[A-Z];)|(?<=[=-]>)|(?<=>)>)")
_DASH = re.compile(r"[-–—](?:(?<=[ \t].)[-–—]*|[-–—]*(?=[ \t]|$))", re.MULTILINE)
_CLOSING_SIGN = re.compile(r"\*\*|__|\]|\)(?=[ \t]|$)", re.MULTILINE)
_SIGNS_BEHIND = "*_#=:]|~"
_DECORATION = " \t*_#=~[]()\"'.–—-"
# Without any sign after it: "FINDINGS The lungs are clear.", not "FINDINGS ARE STABLE" nor "History of cough".
_BARE_PHRASE = re.compile(
    r"(?P<phrase>(?:(?:CLINICAL|Clinical|FINAL|Final|RADIOLOGICAL|Radiological) )?(?:"
    r"(?P<upper>FINDINGS?|IMPRESSIONS?|CONCLUSIONS?|OPINION|INDICATIONS?|COMPARISONS?|TECHNIQUE|HISTORY|INFORMATION"
    r"|DETAILS|RECOMMENDATIONS?)"
    r"|Findings?|Impressions?|Conclusions?|Opinion|Indications?|Comparisons?|Technique|[Hh]istory|[Ii]nformation"
    r"|[Dd]etails|Recommendations?))[ \t]+"
    r"(?!(?:OF|IS|ARE|WAS|WERE|WITH|TO|MADE|FOR|FROM|AND|ON|IN|BY|MAY|SHOWS?|SUGGESTS?|CONSISTENT|COMPATIBLE)\b)"
    r"(?=[A-Z\d]|none\b|no\b)"
)
_CAPITALS = re.compile(r"(?:[A-Z][A-Z/&(),'-]*[ \t]+){0,5}[A-Z][A-Z/&(),'-]+[ \t*_]*$")
_SENTENCE_END = re.compile(r"[.!?;*][ \t*_]+(?=\S)|[.!?;](?=[A-Z])")
_TAIL = re.compile(r"[.!?][ \t]+([A-Z][A-Z ]{4,40})$", re.MULTILINE)
_SINGLE_NAME = re.compile(r"(?:^|(?<=[ \t]))[A-Z][a-z]{5,14}[ \t*_]*$")
_WET = re.compile(r"WET[ -]?READ(?:ING)?\b", re.IGNORECASE)
_FINAL = re.compile(r"\b(?:final|official|attending)\b", re.IGNORECASE)


class Heading(NamedTuple):
    """`text[start:end]` with what belongs to it: a colon, decoration. kind: see `kind_of`.

    whole_line: nothing but the heading is on its line. final: it says that what follows is the final reading.
    """

    kind: str
    start: int
    end: int
    whole_line: bool = False
    final: bool = False


def headings(text: str) -> Iterator[Heading]:
    """The headings of a plain text, in order."""
    start, after_blank, silent = 0, True, False
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        if not text[start:stop].strip():
            after_blank = True
        else:
            word = _FIRST_WORD.match(text, start, stop)
            begin = word.start("word") if word and may_begin(word["word"].lower()) else None
            if begin is not None or text[stop - 1].isupper() or text.find(":", start, stop) >= 0:
                for heading in _of_line(text, start, begin, stop, after_blank=after_blank, after_silent=silent):
                    silent = heading.kind in SILENT or heading.kind == TITLE
                    yield heading
            after_blank = False
        start = stop + 1


def _of_line(
    text: str, start: int, begin: int | None, stop: int, *, after_blank: bool, after_silent: bool
) -> Iterator[Heading]:
    """begin: where its first word begins, if a heading may begin with it."""
    if begin is not None:
        first = _at_start(text, start, begin, stop, after_blank=after_blank, after_silent=after_silent)
        if first is not None:
            yield first
            start = first.end
    colon = text.find(":", start, stop)
    while colon >= 0:
        if not (text[colon - 1 : colon].isdigit() and text[colon + 1 : colon + 2].isdigit()):
            heading = _before_colon(text, max(start, colon - _LONGEST_NAME), colon)
            if heading is not None:
                yield heading
                start = heading.end
        colon = text.find(":", colon + 1, stop)
    if (
        start < stop
        and text[stop - 1].isupper()
        and (tail := _TAIL.search(text, max(start, stop - _LONGEST_NAME), stop))
    ):
        kind = kind_of(tail[1])
        if kind and kind != TITLE:
            yield Heading(kind, tail.start(1), stop, final=kind not in SILENT and bool(_FINAL.search(tail[1])))


def _at_start(text: str, start: int, begin: int, stop: int, *, after_blank: bool, after_silent: bool) -> Heading | None:
    """The heading that a line begins with."""
    if text[begin] in "Ww" and _WET.match(text, begin, stop):
        return _wet_read(text, start, begin, stop)
    line = _LineStart(text, start, begin, stop, after_blank, after_silent)
    return line.up_to_colon() or line.up_to_dash() or line.decorated() or line.whole() or line.without_sign()


@dataclass(slots=True)
class _LineStart:
    """A line, `text[start:stop]`, whose first word, at `begin`, may begin a heading: each manner of heading in turn."""

    text: str
    start: int
    begin: int
    stop: int
    after_blank: bool
    after_silent: bool

    def up_to_colon(self) -> Heading | None:
        """ "FINDINGS: ..."."""
        colon = _COLON_SIGN.search(self.text, self.begin, self.limit)
        kind = self.kind(colon.start()) if colon else None
        return self.heading(kind, colon.start(), colon.end()) if colon and kind else None

    def up_to_dash(self) -> Heading | None:
        """ "Findings - ..."."""
        dash = _DASH.search(self.text, self.begin, self.limit) if self.is_capital else None
        kind = self.kind(dash.start()) if dash else None
        return self.heading(kind, dash.start(), dash.end()) if dash and kind and kind != TITLE else None

    def decorated(self) -> Heading | None:
        """ "**Findings** ..."."""
        close = _CLOSING_SIGN.search(self.text, self.begin, self.limit) if self.has_decoration else None
        kind = self.kind(close.start()) if close else None
        return self.heading(kind, close.start(), close.end()) if close and kind and kind != TITLE else None

    def whole(self) -> Heading | None:
        """ "Findings" alone on its line."""
        if self.stop > self.limit or not (self.is_capital or self.has_decoration or self.after_blank):
            return None
        kind = self.kind(self.stop)
        if kind and (kind != TITLE or self.after_blank or self.after_silent):
            return self.heading(kind, self.stop, self.stop)
        return None

    def without_sign(self) -> Heading | None:
        """ "FINDINGS The lungs ..."."""
        bare = _BARE_PHRASE.match(self.text, self.begin, self.stop) if self.is_capital else None
        kind = kind_of(bare["phrase"]) if bare else None
        if bare and kind and (bare["upper"] or kind not in SILENT or self.after_blank):
            return self.heading(kind, bare.end("phrase"), bare.end())
        return None

    @property
    def limit(self) -> int:
        """Where the longest heading ends."""
        return min(self.stop, self.begin + _LONGEST_NAME)

    @property
    def is_capital(self) -> bool:
        return self.text[self.begin].isupper()

    @property
    def has_decoration(self) -> bool:
        return any(sign in self.text[self.start : self.begin] for sign in "#*_=[(")

    def kind(self, end: int) -> str | None:
        """What the phrase up to `end` heads."""
        return kind_of(self.text[self.begin : end].strip(_DECORATION))

    def heading(self, kind: str, phrase_end: int, end: int) -> Heading:
        return _heading(kind, self.text, self.start, self.begin, phrase_end, end, self.stop)


def _wet_read(text: str, start: int, begin: int, stop: int) -> Heading:
    """Of "WET READ: ABC MON 9:12 PM" all to the line's end if it names only who and when."""
    colon = text.find(":", begin, stop)
    rest = text[colon + 1 : stop] if colon >= 0 else ""
    other_words = re.sub(
        r"\b(?:[A-Z]{2,5}|version|dr|by|at|on)\b|[\W\d_]+", "", rest, flags=re.IGNORECASE if len(rest) < 8 else 0
    )
    end = stop if colon < 0 or not other_words else colon + 1
    return Heading("preliminary", start, end, end == stop)


def _heading(kind: str, text: str, start: int, begin: int, phrase_end: int, end: int, stop: int) -> Heading:
    while end < stop and text[end] in _SIGNS_BEHIND:
        end += 1
    while end < stop and text[end] in " \t":
        end += 1
    if kind == TITLE and ":" in text[phrase_end:end]:
        kind = TITLED
    final = kind not in SILENT and bool(_FINAL.search(text, begin, phrase_end))
    return Heading(kind, start, end, end == stop, final)


def _before_colon(text: str, start: int, colon: int) -> Heading | None:
    """The heading within a line that ends with this colon: a sentence's beginning, words in capitals, or one name."""
    begin = start
    for match in _SENTENCE_END.finditer(text, start, colon):
        begin = match.end()
    if begin > start or text[begin:colon].isupper():
        kind = kind_of(text[begin:colon].strip(_DECORATION))
        if kind and (kind != TITLE or text[begin].isupper()):
            return _heading(kind, text, begin, begin, colon, colon + 1, len(text))
    if capitals := _CAPITALS.search(text, begin, colon):
        place = capitals.start()
        while place < colon:
            kind = kind_of(text[place:colon].strip(_DECORATION))
            if kind and kind != TITLE:
                return _heading(kind, text, place, place, colon, colon + 1, len(text))
            blank = text.find(" ", place, colon)
            place = blank + 1 if blank >= 0 else colon
    elif name := _SINGLE_NAME.search(text, begin, colon):
        kind = kind_of(name[0].strip(_DECORATION))
        if kind and kind != TITLE:
            return _heading(kind, text, name.start(), name.start(), colon, colon + 1, len(text))
    return None
