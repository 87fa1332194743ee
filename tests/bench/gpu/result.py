"""What a check measured, and the table of all."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Result(NamedTuple):
    """passed: None where the bar cannot be looked at; `measured` says why."""

    check: str
    what: str
    measured: str
    bar: str
    passed: bool | None

    @property
    def outcome(self) -> str:
        return {True: "pass", False: "FAIL", None: "skipped"}[self.passed]

    def __str__(self) -> str:
        return f"{self.outcome:8}{self.check}: {self.what}: {self.measured}{f' (bar: {self.bar})' if self.bar else ''}"


def table(results: Sequence[Result], head: Iterable[str]) -> str:
    """The results in Markdown, under a few lines that say where and how they were measured."""
    rows = [["check", "what", "measured", "bar", ""], ["---"] * 5]
    rows += [[r.check, r.what, r.measured, r.bar, r.outcome] for r in results]
    cells = (" | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join([*head, "", *(f"| {row} |" for row in cells)]) + "\n"
