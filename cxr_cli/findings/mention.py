"""Findings and anatomies while a clause is being read."""

from dataclasses import dataclass


@dataclass(slots=True)
class Mention:
    """A finding in the making."""

    name: str
    start: int
    end: int
    negated: bool = False
    hedge: bool = False
    ask: bool = False
    combined: bool = False  # stated by an anatomy and a quality
    cause: bool = False  # said to be what the finding before it means: "opacity consistent with pneumonia"
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
class Anatomy:
    """An anatomy that waits for a quality. used: a place of a finding, or already said to be something."""

    name: str
    start: int
    end: int
    used: bool = False
