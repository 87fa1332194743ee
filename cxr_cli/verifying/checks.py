"""What is wrong with a step beyond its findings: it betrays the report, invents a prior film or a size, or repeats."""

import re
from collections.abc import Mapping
from typing import Any

_REPORT = re.compile(
    r"\b(?:(?:the|this|his|her|radiology|radiologist'?s?|written|original|clinical) report|radiologist|dictat\w+|"
    r"(?:mentioned|documented|described|noted|stated|reported) (?:in|by) (?:the|a) (?:report|radiolog\w+|text|findings section|"
    r"impression)|according to the (?:report|text|findings|impression)|the (?:findings|impression) section|"
    r"(?:as|is|are|was|were) (?:reported|documented|dictated)\b)",
    re.IGNORECASE,
)
_PRIOR = re.compile(
    r"\b(?:prior|previous|earlier|old|last|preceding|comparison) (?:\w+ ){0,2}(?:film|study|studies|exam\w*|radiograph\w*|"
    r"image|images|x-?ray|imaging|scan|examination|visit|chest)|\b(?:compared|comparison|relative) (?:to|with) (?:the |a )?"
    r"(?:prior|previous|earlier|last)|\bsince (?:the |an? )?(?:prior|previous|earlier|last)|\bthan (?:before|previously)",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:(?:x|by|×)\s*(\d+(?:\.\d+)?)\s*)?[- ]?(mm|cm|millimet\w+|centimet\w+|%|percent)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")


def speaks_of_report(text: str) -> bool:
    """Does the step speak of the report, where it should speak of the image?"""
    return bool(_REPORT.search(text))


def speaks_of_prior(text: str) -> bool:
    """Does the step speak of an earlier film?"""
    return bool(_PRIOR.search(text))


def has_prior(case: Mapping[str, Any], report: str) -> bool:
    """Is there an earlier film that a step may speak of: a `prior`, or one that the report itself compares with?"""
    return bool(case.get("prior")) or speaks_of_prior(report)


def measurements(text: str) -> set[tuple[float, str]]:
    """All lengths (in mm) and percentages of a text: {(32.0, "mm"), (50.0, "%")}."""
    found = set()
    for first, second, unit in _MEASURE.findall(text):
        kind = "%" if unit[0] in "%pP" else "mm"
        scale = 10.0 if unit[0] in "cC" else 1.0
        found |= {(round(float(number) * scale, 3), kind) for number in (first, second) if number}
    return found


def fingerprint(text: str) -> str:
    """The same for two steps that say the same words."""
    return " ".join(_WORDS.findall(text.lower()))
