"""Findings and anatomies while a clause is being read."""

from dataclasses import dataclass


@dataclass(slots=True)
class Mention:
    """A finding of a clause that is still being read."""

    name: str
    start: int
    end: int
    negated: bool = False
    hedge: bool = False
    ask: bool = False
    combined: bool = False  # stated by an anatomy and a quality
    cause: bool = False  # the cause of the finding before it: "opacity consistent with pneumonia"
    side: str | None = None
    zone: str | None = None
    severity: str | None = None
    change: str | None = None
    size: float | None = None

    @property
    def status(self) -> str:
        if self.ask:
            return "asked"
        if self.negated:
            return "absent"
        return "uncertain" if self.hedge else "present"

    def take(self, kind: str, value: str) -> None:
        """One attribute; left and right together make bilateral."""
        if kind == "side" and self.side not in (None, value):
            value = "bilateral"
        if kind in ("zone", "severity") and getattr(self, kind) is not None:
            return
        setattr(self, kind, value)


@dataclass(slots=True)
class AnatomyMention:
    """An anatomy that may get a quality. used: it has one, or it is the place of a finding."""

    name: str
    start: int
    end: int
    used: bool = False
