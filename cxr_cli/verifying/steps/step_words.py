"""What the words of a step mention beside its findings: the report, a prior film, a measurement."""

import re
from typing import NamedTuple

from cxr_cli.answers.steps import normal_form

_REPORT_WORDS = re.compile(
    r"\b(?:(?:the|this|his|her|radiology|radiologist'?s?|written|original|clinical) report|radiologist|dictat\w+"
    r"|(?:mentioned|documented|described|noted|stated|reported) (?:in|by) (?:the|a)"
    r" (?:report|radiolog\w+|text|findings section|impression)"
    r"|according to the (?:report|text|findings|impression)|the (?:findings|impression) section"
    r"|(?:as|is|are|was|were) (?:reported|documented|dictated)\b)",
    re.IGNORECASE,
)
_PRIOR_WORDS = re.compile(
    r"\b(?:prior|previous|earlier|old|last|preceding|comparison) (?:\w+ ){0,2}"
    r"(?:film|study|studies|exam\w*|radiograph\w*|image|images|x-?ray|imaging|scan|examination|visit|chest)"
    r"|\b(?:compared|comparison|relative) (?:to|with) (?:the |a )?(?:prior|previous|earlier|last)"
    r"|\bsince (?:the |an? )?(?:prior|previous|earlier|last)|\bthan (?:before|previously)",
    re.IGNORECASE,
)
# Words that the two patterns need. Most texts hold none of them, and to look for a word is faster.
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


def mentions_report(text: str) -> bool:
    """Does the step mention the report, where it should describe the image?"""
    return _has_any(text, _REPORT_NEEDS) and bool(_REPORT_WORDS.search(text))


def mentions_prior(text: str) -> bool:
    """Does the step mention an earlier film?"""
    return _has_any(text, _PRIOR_NEEDS) and bool(_PRIOR_WORDS.search(text))


def _has_any(text: str, words: tuple[str, ...]) -> bool:
    text = text.lower()
    return any(word in text for word in words)


def measurements(text: str) -> set[tuple[float, str]]:
    """All lengths (in mm) and percentages of a text: {(32.0, "mm"), (50.0, "%")}."""
    sizes: set[tuple[float, str]] = set()
    if not _DIGIT.search(text):
        return sizes
    for first, second, unit in _MEASURE.findall(text):
        kind = "%" if unit[0] in "%pP" else "mm"
        scale = 10.0 if unit[0] in "cC" else 1.0
        sizes |= {(round(float(number) * scale, 3), kind) for number in (first, second) if number}
    return sizes


class StepWords(NamedTuple):
    """What the words of a step mention. normal: their normal form."""

    mentions_report: bool
    mentions_prior: bool
    measurements: set[tuple[float, str]]
    normal: str


def step_words(text: str) -> StepWords:
    return StepWords(mentions_report(text), mentions_prior(text), measurements(text), normal_form(text))
