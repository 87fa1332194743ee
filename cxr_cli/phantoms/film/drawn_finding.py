"""A finding as it is drawn: its place and size, in the words that the report uses too."""

from typing import NamedTuple

from cxr_cli.phantoms.film.body import BODY_SIDES, BodySide

GRADES = ("mild", "moderate", "severe")


class DrawnFinding(NamedTuple):
    """One finding of a film. size: mm, of a nodule or a mass. spots: four numbers, 0 .. 1, that determine the rest.

    change: since the prior film, if there is one: new, worse, better, stable or resolved (then nothing is drawn).
    """

    name: str
    side: str | None = None
    zone: str | None = None
    severity: str | None = None
    size: int | None = None
    change: str | None = None
    spots: tuple[float, float, float, float] = (0.5, 0.5, 0.5, 0.5)

    @property
    def grade(self) -> int:
        """0 mild, 1 moderate, 2 severe."""
        return GRADES.index(self.severity or "moderate")

    @property
    def sides(self) -> tuple[BodySide, ...]:
        """The sides on which it is drawn."""
        return tuple(side for side in BODY_SIDES if self.side in (side, "bilateral"))

    @property
    def down(self) -> float:
        """Its height in the lung: 0 apex .. 1 diaphragm."""
        low, high = {"upper": (0.14, 0.36), "mid": (0.44, 0.60), "lower": (0.72, 0.90)}[self.zone or "mid"]
        return low + self.spots[1] * (high - low)
