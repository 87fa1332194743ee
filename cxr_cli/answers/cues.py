"""The words of answers: normal forms, words of one meaning, and the cues that turn a sentence into an answer."""

import re
import unicodedata
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, MatchKind

from cxr_cli.answers.languages import answer_in_english

_BRACED = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{([^{}]*)\}")
_NEXT_BOX = re.compile(r"\}[\s$,;]*(?:and\b|&)?[\s$]*\\(?:boxed|fbox)\s*\{")
_FORMULA = re.compile(r"\\[()\[\]]")
_UNDERSCORES = re.compile(r"(?<!\w)_+|_+(?!\w)")
_MARKDOWN = re.compile(r"[*`#$]+")
_NOT_ASCII = re.compile(r"[^\t-\r\x1c-~]")
_ASCII = {
    **dict(zip("‘’“”«»„‚「」『』•·→、–—İ", '\'\'"""""\'""""-->,–—I', strict=True)),
    **{chr(0xFF01 + n): chr(0x21 + n) for n in range(0x5E)},  # full-width letters and signs
    **{chr(first + n): chr(ord("A") + n) for first in (0x24B6, 0x1F130, 0x1F150, 0x1F170) for n in range(26)},
    **{chr(first + n): chr(ord("a") + n) for first in (0x249C, 0x24D0) for n in range(26)},
    **dict.fromkeys("✓✔✅☑", "✓"),
    **dict.fromkeys("✗✘❌✕❎☒", "✗"),
    "。": ". ",
    "【": " ",
    "】": ": ",
    "《": '"',
    "》": '"',
    "〔": "[",
    "〕": "]",
}
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = {"a", "an", "the"}

MEANINGS: dict[str, tuple[str, ...]] = {
    "yes": ("yes", "y", "yeah", "true", "present", "positive"),
    "no": ("no", "n", "nope", "false", "absent", "negative", "not present"),
    "normal": (
        *("normal", "unremarkable", "within normal limits", "no abnormality", "no abnormalities", "no acute findings"),
        *("no abnormal findings", "no acute abnormality", "no acute abnormalities", "not abnormal"),
    ),
    "abnormal": ("abnormal", "not normal"),
    "stable": (
        *("stable", "unchanged", "no change", "no significant change", "no interval change", "not changed", "same"),
        *("no significant interval change", "not significantly changed", "without change", "similar"),
    ),
    "worsening": (
        *("worsening", "worse", "worsened", "worsens", "progressed", "progressing", "progression", "progressive"),
        *("increased", "increasing", "deteriorated", "deteriorating", "deterioration"),
    ),
    "improving": (
        *("improving", "improved", "improves", "improvement", "better", "decreased", "decreasing", "resolved"),
        *("resolving", "resolution", "regressed", "regressing", "regression"),
    ),
}
MEANING = {word: meaning for meaning, words in MEANINGS.items() for word in words}


class Cue:
    """Phrases of one kind, each a pattern that begins with a literal: all are found in lower-case text at once.

    A pattern is only tried where its first letters stand, which takes a tenth of the time of a search.
    """

    def __init__(self, *patterns: str) -> None:
        self.pattern = re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)")
        first_words = (re.match(r"[a-z]+(?![?*{])", pattern) for pattern in patterns)
        self._first_words = AhoCorasick(sorted({word[0] for word in first_words if word}), MatchKind.LeftmostLongest)

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
        rf"(?:correct|(?:(?:right|best|final|likely|appropriate)\s+)?(?:answers?|options?|choices?){also})\b"
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
)
_RIGHT = right_option("|right|best|appropriate|likely|plausible|true")
SAYS_RIGHT = Cue(*(verb + _RIGHT for verb in ("is", "are", "would be", "seems", "appears")))
CHOICE = Cue(r"option\s+[(\"]?[a-z]", r"choice\s+[(\"]?[a-z]")
_REFUSED = (
    r"[^.\n]{0,40}?\b(?:determin|diagnos|assess|answer|interpret|analy[sz]|view|access|examin|evaluat|provid|say|tell|make"
    r"|give|discern)\w*"
)
CONDITION = Cue("if", "otherwise", "depending", "depends", "unless", "either")
CONCLUDES = Cue(
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
    *(f"{word}{_REFUSED}" for word in ("can(?:'t|not)", "could(?: not|n't)", "unable to", "not able to")),
    *(f"{word} to{_REFUSED}" for word in ("not possible", "impossible", "difficult", "inability")),
    *(f"{word} the ability to{_REFUSED}" for word in ("don't have", "do not have")),
    rf"without (?:the )?(?:ability|being able) to{_REFUSED}",
    *("sorry", "apologi[sz]e", "as an ai", "without (?:visual )?access to"),
)
DEFERS = Cue(
    *(rf"{word} (?:\w+ )?(?:professional|provider)\w*" for word in ("medical", "health ?care", "qualified")),
    *("consult(?:ing)? (?:with )?an?", "not (?:sure|certain)"),
)


_YES = (
    "yep|yup|indeed|certainly|definitely|of course|i think so|i believe so|there is|there are|it is|it does|it is so"
    "|definitely yes|certainly yes|yes definitely|that is so|correct|that is correct|right|sure|1|1 0"
    "|affirmative|it is there|it seems so|it appears so|so it seems"
    "|likely|most likely|very likely|absolutely|apparently|probably"
)
_NO = (
    "nope|nah|not at all|definitely not|certainly not|of course not|i don t think so|i do not think so|there isn t"
    "|there is not|there are not|there aren t|there is none|there are none|it does not|it doesn t|it is not|it isn t"
    "|none|none seen|not seen|not visible|not there|0|0 0|incorrect|that is not so"
    "|by no means|nothing|unlikely|very unlikely|i doubt it|seems not"
    "|it seems not|most likely not|likely not|probably not|apparently not|none visible|nothing seen|i think not"
)
_MEANT = dict.fromkeys(_YES.split("|"), "yes") | dict.fromkeys(_NO.split("|"), "no")
_MARKED = re.compile(
    r"^\W*(?:(?:the|my|so|thus|therefore|final|correct)[ ,]+){0,3}answer\W*[:=][ \t]*\n?[ \t]*(\S[^\n]*)$", re.M | re.I
)


def marked_answer(text: str) -> str | None:
    """What stands in the last line "Answer: .." of a cleaned text, if it is no more than a few words."""
    found = _MARKED.findall(text)
    return found[-1] if found and len(found[-1]) <= 60 and not _UNFINISHED.search(found[-1]) else None


_UNFINISHED = re.compile(r"[,?]|\b(?:but|unless|if|because|however|let)\b", re.I)


def yes_or_no_meant(text: str) -> str:
    """ "yes" or "no" where the whole text is a common way of saying it: "There isn't."; else ""."""
    return _MEANT.get(plain(text), "") if len(text) < 40 else ""


def plain(text: str) -> str:
    """Lower-case words without punctuation and articles: "The left-sided Effusion." -> "left sided effusion"."""
    return " ".join([word for word in _WORD.findall(text.casefold()) if word not in _ARTICLES])


def clean(text: str) -> str:
    """The text without Markdown, LaTeX and emoji, in half-width letters, its answer's cue in English: `\\boxed{B}`
    becomes "Final answer: B" on a line of its own.

    No character of it changes its length in lower case.
    """
    if "\\" in text:
        text = _NEXT_BOX.sub(", ", _BRACED.sub(r"\1", text))
        text = _FORMULA.sub(" ", _BOXED.sub(r"\nFinal answer: \1\n", text))
    if "_" in text:
        text = _UNDERSCORES.sub("", text)
    text = _NOT_ASCII.sub(_in_ascii, _MARKDOWN.sub("", text)).replace("\r\n", "\n").strip()
    return answer_in_english(text)


def _in_ascii(match: re.Match[str]) -> str:
    character = match[0]
    kept = character.isalnum() or character.isspace() or unicodedata.combining(character)
    return _ASCII.get(character, character if kept else "")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence. A line that ends with a colon belongs to the next one."""
    bounds = [match.end() for match in _BOUNDARY.finditer(text) if match[0][0] != "\n" or not _ends_with_colon(match)]
    return [(a, b) for a, b in zip([0, *bounds], [*bounds, len(text)], strict=True) if text[a:b].strip()]


_BOUNDARY = re.compile(r"[.!?\n](?:(?<=\n)\s*|(?<!\n)(?<!\b\w.)(?<!\..)[\"')\]]*(?=\s|$))")


def _ends_with_colon(line_end: re.Match[str]) -> bool:
    start = line_end.start()
    return line_end.string[max(start - 9, 0) : start].rstrip().endswith(":")
