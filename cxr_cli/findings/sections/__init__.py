"""How a report is cut into its sections.

>>> [section[:3] for section in sections("INDICATION: Cough. FINDINGS: Clear lungs.")]
[('indication', 12, 19), ('findings', 29, 41)]
"""

import re
from typing import NamedTuple

SECTIONS = {
    "findings": "findings",
    "finding": "findings",
    "impression": "impression",
    "impressions": "impression",
    "conclusion": "impression",
    "opinion": "impression",
    "indication": "indication",
    "indications": "indication",
    "clinical indication": "indication",
    "clinical information": "indication",
    "clinical history": "indication",
    "history": "indication",
    "reason": "indication",
    "reason for exam": "indication",
    "reason for examination": "indication",
    "reason for study": "indication",
    "comparison": "comparison",
    "comparisons": "comparison",
    "technique": "technique",
    "examination": "technique",
    "exam": "technique",
    "study": "technique",
    "procedure": "technique",
    "views": "technique",
    "recommendation": "recommendation",
    "recommendations": "recommendation",
}
WITHOUT_FINDINGS = frozenset({"indication", "comparison", "technique", "recommendation"})
"""Sections whose sentences state no finding of this film."""

_NAMES = "|".join(sorted((name.replace(" ", " +") for name in SECTIONS), key=len, reverse=True))
# What stands before a colon: at the start of a line or a sentence in any case, anywhere in capitals.
_HEADING = re.compile(rf"(?:(?:^|(?<=[\n.!?;]))[ \t#*]*((?i:{_NAMES}))|(?<!\w)({_NAMES.upper()}))[ \t*]*$")
_LONGEST = max(map(len, SECTIONS)) + 8


class Section(NamedTuple):
    """`report[start:end]` is its text, `report[heading_start:start]` its heading, "" where it has none.

    name: findings, impression, indication, comparison, technique, recommendation; "" for a text before any heading.
    """

    name: str
    start: int
    end: int
    heading_start: int


def sections(report: str) -> list[Section]:
    """The sections of a report, in order."""
    found: list[Section] = []
    name, heading, start = "", 0, 0
    colon = report.find(":")
    while colon >= 0:
        window = max(start, colon - _LONGEST)
        if match := _HEADING.search(report[window:colon]):
            if name or window + match.start() > start:
                found.append(Section(name, start, window + match.start(), heading))
            heading = window + match.start()
            name, start = SECTIONS[" ".join((match[1] or match[2]).lower().split())], colon + 1
            while start < len(report) and report[start] in " \t*":
                start += 1
        colon = report.find(":", colon + 1)
    return [*found, Section(name, start, len(report), heading)]
