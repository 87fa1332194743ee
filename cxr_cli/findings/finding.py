"""What a text states: findings, and the sentences that state them."""

from typing import NamedTuple

new_tuple = tuple.__new__
"""For the NamedTuples that come by the thousand: a call of the class takes twice as long."""


class Finding(NamedTuple):
    """One finding that a text states. start, end: characters of the text. size: in mm, the largest one named.

    status: present, absent or uncertain; in a `Statement.topic` "asked" (a plan, a question, an option quoted).
    """

    name: str
    status: str
    side: str | None = None
    zone: str | None = None
    severity: str | None = None
    change: str | None = None
    size: float | None = None
    start: int = 0
    end: int = 0


class Statement(NamedTuple):
    """One sentence, `text[start:end]`, with the findings it states. topic: the findings it only asks about."""

    start: int
    end: int
    section: str
    findings: tuple[Finding, ...]
    topic: tuple[Finding, ...] = ()


def same_side(a: Finding, b: Finding) -> bool:
    """Could the two be on the same side?"""
    return a.side is None or b.side is None or a.side == b.side or "bilateral" in (a.side, b.side)
