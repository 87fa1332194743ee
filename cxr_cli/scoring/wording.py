"""How answers are worded: normal forms, words of one meaning, and the cues that turn a sentence into an answer."""

import re

_BRACED = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\boxed\s*\{([^{}]*)\}")
_EMPHASIS = re.compile(r"(?<!\w)_+|_+(?!\w)|[^\w\s\x21-\x7e–—]|[*`#$]")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "•": "-", "·": "-", "→": ">", "）": ")", "：": ":"})
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

CONDITION = re.compile(r"\b(?:if|otherwise|depending|depends|unless|either)\b", re.I)
CONCLUDES = re.compile(
    r"\b(?:therefore|thus|hence|conclu\w+|summary|overall|based (?:up)?on|given (?:these|this|the|all)|considering"
    r"|the (?:final |correct )?answer|consequently|accordingly|finally|taken together|given that"
    r"|(?:after|upon|having|on|with) (?:\w+ ){0,3}?(?:examin|review|analy|assess|evaluat|consider|observ)\w*)\b"
    r"|^\W*so\b",
    re.I,
)
FAVOURS = re.compile(r"\b(?:best|most|fits?|match\w*|correspond\w*|consistent|aligns?|correct|describe[sd]?)\b", re.I)
NEGATES = re.compile(
    r"\b(?:no|not|without|absence of|absent|lacks?|lack of|negative for|free of|(?<!to )rul(?:e|es|ed|ing) out"
    r"|(?<!to )exclud\w+|eliminat\w+|unlikely|neither|nor|inconsistent with|cannot)\b|n't\b",
    re.I,
)
REFUSES = re.compile(
    r"\b(?:can(?:'t|not)|could(?: not|n't)|unable to|not able to|not possible to|impossible to|difficult to"
    r"|inability to|(?:don't|do not) have the ability to|without (?:the )?(?:ability|being able) to)\b[^.\n]{0,40}?"
    r"\b(?:determin|diagnos|assess|answer|interpret|analy[sz]|view|access|examin|evaluat|provid|say|tell|make|give"
    r"|discern)\w*|\bsorry\b|\bI apologi[sz]e\b|\bas an AI\b|\bwithout (?:visual )?access to\b",
    re.I,
)
DEFERS = re.compile(
    r"\b(?:medical|healthcare|health care|qualified) (?:\w+ )?(?:professional|provider)"
    r"|\bconsult(?:ing)? (?:with )?an? |\bnot (?:sure|certain)\b",
    re.I,
)


def plain(text: str) -> str:
    """Lower-case words without punctuation and articles: "The left-sided Effusion." -> "left sided effusion"."""
    return " ".join(word for word in _WORD.findall(text.casefold()) if word not in _ARTICLES)


def clean(text: str) -> str:
    """Markdown, LaTeX and emoji taken off; `\\boxed{B}` becomes "Final answer: B" on a line of its own."""
    text = _BOXED.sub(r"\nFinal answer: \1\n", _BRACED.sub(r"\1", text))
    return _EMPHASIS.sub("", text.translate(_QUOTES)).replace("\r\n", "\n").strip()


def spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence. A line that ends with a colon belongs to the next one."""
    bounds = [match.end() for match in _BOUNDARY.finditer(text)]
    return [(a, b) for a, b in zip([0, *bounds], [*bounds, len(text)], strict=True) if text[a:b].strip()]


_BOUNDARY = re.compile(r"(?<!\b\w)(?<!\.)[.!?][\"')\]]*(?=\s|$)|(?<![:\s])\s*\n")
