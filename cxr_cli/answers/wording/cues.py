"""The cues that turn a sentence into an answer: "the answer is", "I choose", "therefore"."""

import re
from collections.abc import Iterator
from functools import cached_property

from ahocorasick_rs import AhoCorasick, MatchKind


class Cue:
    """Phrases of one kind, each a pattern that begins with a literal: all are found in lower-case text at once.

    A pattern is only tried where its first letters stand, which takes a tenth of the time of a search.
    """

    def __init__(self, *patterns: str) -> None:
        self._patterns = patterns
        first_words = (re.match(r"[a-z]+(?![?*{])", pattern) for pattern in patterns)
        self._first_words = AhoCorasick(sorted({word[0] for word in first_words if word}), MatchKind.LeftmostLongest)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of all phrases, compiled for the first text that holds the first word of one: most hold none."""
        return re.compile(rf"\b(?:{'|'.join(self._patterns)})(?!\w)")

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The matches that `self.pattern.finditer` gives."""
        end = 0
        for _, start, _ in self._first_words.find_matches_as_indexes(text):
            if start >= end and not text[start - 1 : start].isalnum() and (match := self.pattern.match(text, start)):
                end = match.end()
                yield match


def right_option(also: str = "") -> str:
    """A pattern of the words after "is" that call an option the right one. also: more such adjectives."""
    return (
        r"\s+(?:(?:to be|both|all|likely|probably)\s+)*(?:the\s+)?(?:(?:most|only|single)\s+(?:\w+\s+)?)?"
        rf"(?:correct|(?:(?:right|best|final|likely|appropriate)\s+)?(?:answers?|options?|choices?|match|fit){also})\b"
    )


NAMES_ANSWER = Cue(
    *("answers?", "ans", "verdict", "selection", "conclusion", "decision"),
    *(
        rf"{word}\s+(?:options?|choices?|response|conclusion|decision|assessment|determination|statements?)"
        for word in ("correct", "best", "right", "appropriate", "likely", "plausible", "final", "suitable", "accurate")
    ),
)
DECIDES = Cue(
    *("choose", "select", "pick", "go(?:ing)? with", "opt(?:ing)? for", "chose", "selected", "settle on"),
    *("leaves? (?:us|me) with", "conclude(?: that)?", "determine(?: that)?", "(?:change|revise) (?:it|my answer) to"),
    *(
        rf"{word}\b[\s,:—-]*(?:i think\s+)?it(?:'s| is| must be| should be)"
        for word in ("actually", "instead", "rather", "correction", "wait", "no")
    ),
    *(rf"{word}\b,?(?=\s+[(\[]?[a-z][).\]])" for word in ("actually", "therefore", "thus", "hence")),
    r"so(?<=[.!?\n] so)\b,?(?=\s+[(\[]?[a-z][).\]])",
)
_RIGHT = right_option("|right|best|appropriate|likely|plausible|true")
SAYS_RIGHT = Cue(*(verb + _RIGHT for verb in ("is", "are", "would be", "seems", "appears")))
CHOICE = Cue(r"option\s+[(\"]?[a-z]", r"choice\s+[(\"]?[a-z]")
_REFUSAL = (
    r"[^.\n]{0,40}?\b(?:determin|diagnos|assess|answer|interpret|analy[sz]|view|access|examin|evaluat|provid|say|tell|make"
    r"|give|discern)\w*"
)
CONDITION = Cue("if", "otherwise", "depending", "depends", "unless", "either")
IN_CONCLUSION = Cue(
    *("therefore", "thus", "hence", r"conclu\w+", "summary", "overall", r"based (?:up)?on", "considering"),
    *("given (?:these|this|the|all|that)", "consequently", "accordingly", "finally", "taken together"),
    *(rf"answer(?<=\b{lead}answer)" for lead in ("the ", "the final ", "the correct ")),
    *(rf"so(?<={lead}so)" for lead in ("^", r"\n", r"[.!?\n] ")),
    *(
        rf"{word} (?:\w+ ){{0,3}}?(?:examin|review|analy|assess|evaluat|consider|observ)\w*"
        for word in ("after", "upon", "having", "on", "with")
    ),
)
FAVOURS = Cue(
    *("best", "most", "fits?", r"match\w*", r"correspond\w*", "consistent", "aligns?", "correct", "describe[sd]?"),
    "supports?",
)
REFUSES = Cue(
    *(f"{word}{_REFUSAL}" for word in ("can(?:'t|not)", "could(?: not|n't)", "unable to", "not able to")),
    *(f"{word} to{_REFUSAL}" for word in ("not possible", "impossible", "difficult", "inability")),
    *(f"{word} the ability to{_REFUSAL}" for word in ("don't have", "do not have")),
    rf"without (?:the )?(?:ability|being able) to{_REFUSAL}",
    *("sorry", "apologi[sz]e", "as an ai", "without (?:visual )?access to"),
)
DEFERS = Cue(
    *(rf"{word} (?:\w+ )?(?:professional|provider)\w*" for word in ("medical", "health ?care", "qualified")),
    *("consult(?:ing)? (?:with )?an?", "not (?:sure|certain)"),
)
_ANSWER_LINE = re.compile(
    r"^[^\w\n]*(?:(?:the|my|so|thus|therefore|final|correct)[ ,]+){0,3}answer\W*[:=][ \t]*\n?[ \t]*(\S[^\n]*)$",
    re.M | re.I,
)
_UNFINISHED = re.compile(r"[,?]|\b(?:but|unless|if|because|however|let)\b", re.I)


def answer_line(text: str) -> str | None:
    """What stands in the last line "Answer: .." of a cleaned text, if it is no more than a few words."""
    lines = _ANSWER_LINE.findall(text)
    return lines[-1] if lines and len(lines[-1]) <= 60 and not _UNFINISHED.search(lines[-1]) else None
