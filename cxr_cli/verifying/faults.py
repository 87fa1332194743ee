"""What is wrong with a step beyond its findings: it betrays the report, invents a prior film or a size, or repeats."""

import re
import string
from typing import NamedTuple

_REPORT = re.compile(
    r"\b(?:(?:the|this|his|her|radiology|radiologist'?s?|written|original|clinical) report|radiologist|dictat\w+"
    r"|(?:mentioned|documented|described|noted|stated|reported) (?:in|by) (?:the|a)"
    r" (?:report|radiolog\w+|text|findings section|impression)"
    r"|according to the (?:report|text|findings|impression)|the (?:findings|impression) section"
    r"|(?:as|is|are|was|were) (?:reported|documented|dictated)\b)",
    re.IGNORECASE,
)
_PRIOR = re.compile(
    r"\b(?:prior|previous|earlier|old|last|preceding|comparison) (?:\w+ ){0,2}"
    r"(?:film|study|studies|exam\w*|radiograph\w*|image|images|x-?ray|imaging|scan|examination|visit|chest)"
    r"|\b(?:compared|comparison|relative) (?:to|with) (?:the |a )?(?:prior|previous|earlier|last)"
    r"|\bsince (?:the |an? )?(?:prior|previous|earlier|last)|\bthan (?:before|previously)",
    re.IGNORECASE,
)
# What the two patterns need; most texts hold none of it, which is found out faster.
_REPORT_NEEDS = (
    "report",
    "radiolog",
    "dictat",
    "mentioned",
    "documented",
    "described",
    "noted",
    "stated",
    "section",
    "according",
)
_PRIOR_NEEDS = (
    "prior",
    "previous",
    "earlier",
    "old ",
    "last ",
    "preceding",
    "compar",
    "since",
    "relative",
    "than before",
)
_MEASURE = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)\s*(?:(?:x|by|×)\s*(\d+(?:\.\d+)?)\s*)?[- ]?(mm|cm|millimet\w+|centimet\w+|%|percent)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_MARKS = str.maketrans(dict.fromkeys(string.punctuation, " "))


def speaks_of_report(text: str) -> bool:
    """Does the step speak of the report, where it should speak of the image?"""
    return _holds(text, _REPORT_NEEDS) and bool(_REPORT.search(text))


def speaks_of_prior(text: str) -> bool:
    """Does the step speak of an earlier film?"""
    return _holds(text, _PRIOR_NEEDS) and bool(_PRIOR.search(text))


def _holds(text: str, words: tuple[str, ...]) -> bool:
    text = text.lower()
    return any(word in text for word in words)


def measurements(text: str) -> set[tuple[float, str]]:
    """All lengths (in mm) and percentages of a text: {(32.0, "mm"), (50.0, "%")}."""
    found: set[tuple[float, str]] = set()
    if not _DIGIT.search(text):
        return found
    for first, second, unit in _MEASURE.findall(text):
        kind = "%" if unit[0] in "%pP" else "mm"
        scale = 10.0 if unit[0] in "cC" else 1.0
        found |= {(round(float(number) * scale, 3), kind) for number in (first, second) if number}
    return found


def fingerprint(text: str) -> str:
    """The same for two steps that say the same words."""
    return " ".join(text.lower().translate(_MARKS).split())


class Wording(NamedTuple):
    """What the words of a step alone tell."""

    speaks_of_report: bool
    speaks_of_prior: bool
    measurements: set[tuple[float, str]]
    fingerprint: str


def wording(text: str) -> Wording:
    """All of it at once."""
    return Wording(speaks_of_report(text), speaks_of_prior(text), measurements(text), fingerprint(text))
