"""Where a text names one of its question's options: after an answer's cue, as a marked option, or alone on a line."""

import re
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from cxr_cli.scoring.wording import CONCLUDES, CONDITION, FAVOURS, MEANING, MEANINGS, plain

_EDGE = r"(?=\s*(?:$|[\n.,;:!?)\]}\"'–—/&>])|\s+-|\s+(?:because|since|as|due|and|or|which|based|given)\b)"
_FILL = (
    r"(?:[\s:\"'(\[\-–—>=]|\b(?i:likely|probably|most|therefore|thus|clearly|simply|indeed|definitely|that|to be"
    r"|derived|only|still|now|both|either|option|choice)\b)*"
)
_CUE = (
    r"(?i:\b(?:answers?|ans|verdict|selection|(?:correct|best|right|appropriate|likely|plausible|final|suitable|accurate)"
    r"\s+(?:options?|choices?|response|conclusion|decision|assessment|determination|statements?)|conclusion|decision)\b"
    r"(?:[^.!\n:]{0,120}?\b(?:is|are|was|be|seems|appears)\b|\s*[:=]|\s+[-–—>]+\s|\s*\n)"
    r"|\b(?:choose|select|pick|go(?:ing)? with|opt(?:ing)? for|chose|selected|settle on|leaves? (?:us|me) with"
    r"|conclude(?: that)?|determine(?: that)?|(?:change|revise) (?:it|my answer) to)\b"
    r"|\b(?:actually|instead|rather|correction|wait|no)\b[\s,:—-]*(?:i think\s+)?it(?:'s| is| must be| should be)\b"
    r"|\b(?:actually|therefore|thus|hence)\b,?(?=\s+[(\[]?[A-Z][).\]]))"
)
_REVERSE = (
    r"[\s\"'),:\-–—]{0,6}(?i:\b(?:is|are|would be|seems|appears)\s+(?:to be\s+)?(?:likely\s+|probably\s+)?(?:the\s+)?"
    r"(?:(?:most|only|single)\s+(?:\w+\s+)?)?(?:correct|right|best|answer|appropriate|likely|plausible|true)\b)"
)
_LETTER = (
    r"\(\s*[A-Za-z]\s*\)|\[\s*[A-Za-z]\s*\]|(?<![\w'-])(?:[A-Za-z]\s?\)|[A-Z]\s?[.:](?=\s|$)|[A-Z]"
    + _EDGE
    + r"|[A-Z](?=\s+(?:is|seems|appears)\s+(?:to be\s+)?(?:the\s+)?(?:\w+\s+)?(?:correct|right|best|answer))"
    + r"|[a-z](?=[.:]?\s*(?:$|\n)))"
)
_BEFORE = (
    r"(?:^\W*|[,:;\"'(]\s*|\b(?i:is|are|as|with|of|shows?|showing|demonstrates?|reveals?|includes?|suggests?|suggesting"
    r"|indicates?|indicating|be|has|and|or|an?|the)\s+)"
)
_REFUTED = re.compile(
    r"\W{0,5}(?:(?:does|do|is|are|can|could|would|may)(?:n't|\s+not)|cannot|is (?:unlikely|incorrect|wrong|ruled out)"
    r"|(?:can|could) be (?:ruled out|eliminated|excluded))\b",
    re.I,
)
_NEXT = re.compile(r"\s*(?:,\s*(?:and|or)\b|[,;/&+]|\band\b|\bor\b|\n\s*-?)\s*", re.I)

_REACH = 400


class Mention(NamedTuple):
    """text[start:end] names these options by index; -1 is a letter that no option has. whole: it fills its line."""

    start: int
    end: int
    options: frozenset[int]
    whole: bool = False


class Options:
    """The options of one question, ready to be found in a text."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self.index = {plain(text): i for i, text in reversed(list(enumerate(texts)))}
        meanings = [MEANING.get(plain(text)) for text in texts]
        self.meanings = {meaning: i for i, meaning in enumerate(meanings) if meaning and meanings.count(meaning) == 1}
        synonyms = {word: i for meaning, i in self.meanings.items() for word in MEANINGS[meaning]}
        self.words = {word: i for word, i in (synonyms | self.index).items() if word}
        named = "|".join(
            r"\W+(?:(?:an?|the)\W+)?".join(map(re.escape, word.split()))
            for word in sorted(self.words, key=len, reverse=True)
        )
        named = f"(?i:{named or '(?!)'})"
        mention = (
            rf"(?:(?i:options?|choices?|letter)\s*:?\s*)?(?:(?:(?i:an?|the)\s+)?(?<![\w-])(?P<text>{named}){_EDGE}"
            rf"|(?P<letter>{_LETTER}|(?<![\w'-])[A-Z](?=\s+{named}(?!\w)))(?:[\s:.,\"(\-–—]{{0,4}}(?P<own>{named})(?!\w))?)"
        )
        self._mention = re.compile(mention)
        self._explicit = re.compile(_CUE + _FILL + mention)
        self._reverse = re.compile(mention + _REVERSE)
        self._marked = re.compile(
            rf"(?:(?i:option|choice)\s+)?(?:[(\[]\s*(?P<a>[A-Za-z])\s*[)\]]|(?<![\w'-])(?P<b>[A-Z])\s?[).:]"
            rf"|(?<![\w'-])(?P<c>[a-z])\))[\s:.,\"(\-–—]{{0,4}}(?P<own>{named})(?![\w-])"
        )
        self._line = re.compile(rf"^[ \t\-–>]*{mention}[ \t.!)\]\"']*$", re.M)
        self._option = re.compile(r"\b(?i:option|choice)\s+[(\"]?(?P<letter>[A-Z])\b")
        self._first = re.compile(
            r"(?i)\A\W*(?P<text>yes|no)\b(?=\s*(?:[,.;:!\n–—-]|$)|\s+(?:this|the|there|it|i|based)\b)"
        )
        self._alone = re.compile(r"(?i)(?<=[.!])\s+(?P<text>yes|no)[.!]\s*(?=\n|$)")
        self.named = re.compile(rf"(?<![\w-])(?P<text>{named})(?![\w-])")
        self.bounded = re.compile(rf"{_BEFORE}(?<![\w-])(?P<text>{named}){_EDGE}")

    def read(self, match: re.Match[str]) -> frozenset[int]:
        """The options a match of one of the patterns names; a letter with another option's text names two."""
        parts = match.groupdict()
        if parts.get("text"):
            word = plain(parts["text"])
            return frozenset([self.words[word]]) if word in self.words else frozenset()
        mark = next(parts[name] for name in ("letter", "a", "b", "c") if parts.get(name))
        index = ord(next(c for c in mark if c.isalpha()).upper()) - ord("A")
        named = {index if index < len(self.texts) else -1}
        own = parts.get("own")
        if own and self.words.get(plain(own)) != index and re.match(_EDGE, match.string[match.end("own") :]):
            named.add(self.words[plain(own)])
        return frozenset(named)

    def run(self, text: str, start: int) -> Mention | None:
        """The options named from `start` on, one after the other: "A, C and D", "A or B", one a line."""
        match = self._mention.match(text, start)
        if not match:
            return None
        named, end = self.read(match), match.end()
        while (joint := _NEXT.match(text, end)) and (match := self._mention.match(text, joint.end())):
            named, end = named | self.read(match), match.end()
        return Mention(start, end, named)

    def explicit(self, text: str) -> list[Mention]:
        """Mentions behind "the answer is", "Answer:", "I choose" and the like, or before "is the correct answer"."""
        found = []
        for match in self._explicit.finditer(text):
            start = match.start("letter") if match["letter"] else match.start("text")
            run = self.run(text, start)
            if run:
                found.append(Mention(match.start(), run.end, run.options))
        for match in self._reverse.finditer(text):
            found.append(Mention(match.start(), match.end(), self.read(match)))
        return sorted(found)

    def marked(self, text: str, sentences: list[tuple[int, int]]) -> list[Mention]:
        """Options with their letter ("B) No"), alone on a line, favoured ("best fits option B"), or Yes/No up front."""
        found: dict[int, Mention] = {}
        for match in self._line.finditer(text):
            start = match.start("letter") if match["letter"] else match.start("text")
            found[start] = Mention(start, match.end(), self.read(match), True)
        for match in self._marked.finditer(text):
            start = next(match.start(name) for name in "abc" if match[name])
            found.setdefault(start, Mention(start, match.end(), self.read(match)))
        for match in self._option.finditer(text):
            a, b = around(sentences, match.start(), match.end())
            if FAVOURS.search(text, a, b) or CONCLUDES.search(text, a, match.start()):
                found.setdefault(match.start("letter"), Mention(match.start(), match.end(), self.read(match)))
        if self.meanings.keys() >= {"yes", "no"}:
            for match in [*self._first.finditer(text), *self._alone.finditer(text)]:
                if not text[: match.start()].rstrip().endswith("?"):
                    found.setdefault(match.start("text"), Mention(match.start(), match.end(), self.read(match)))
        return [found[start] for start in sorted(found) if not _REFUTED.match(text, found[start].end)]


@lru_cache(maxsize=4096)
def options_for(texts: tuple[str, ...]) -> Options:
    """Options once compiled; most questions share theirs."""
    return Options(texts)


def around(sentences: list[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """The (start, end) of the sentences that text[start:end] lies in, at most `_REACH` characters to either side."""
    if not sentences:
        return start, end
    first = max(bisect_right(sentences, (start, 1 << 60)) - 1, 0)
    last = max(bisect_right(sentences, (max(end - 1, start), 1 << 60)) - 1, first)
    return max(sentences[first][0], start - _REACH), min(sentences[last][1], end + _REACH)


def conditional(text: str, sentences: list[tuple[int, int]], mention: Mention) -> bool:
    """Whether the mention hangs on an "if": "if they are absent, the answer would be B"."""
    a, b = around(sentences, mention.start, mention.end)
    return CONDITION.search(text, a, b) is not None


def unlisted(text: str, mentions: list[Mention], count: int, single: bool) -> list[Mention]:
    """Mentions less those that only repeat the options as a list: A), B), .. in order, one a line or close together."""

    def starts_line(mention: Mention) -> bool:
        return not text[text.rfind("\n", 0, mention.start) + 1 : mention.start].strip(" -–>(")

    def follows(a: Mention, b: Mention) -> bool:
        return b.start - a.end <= 60 or (starts_line(a) and starts_line(b))

    kept: list[Mention] = []
    run: list[Mention] = []
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
