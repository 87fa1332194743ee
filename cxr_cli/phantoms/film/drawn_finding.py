"""What a drawing shows: a finding with its place and size, the same words that the report will use."""

from typing import NamedTuple

from cxr_cli.phantoms.film.body import HANDS, Hand

GRADES = ("mild", "moderate", "severe")


class Shown(NamedTuple):
    """One finding of a film. size: mm, for a nodule or a mass. spots: four numbers of 0 .. 1 that settle the rest.

    change: against the film before, if there is one: new, worse, better, stable or resolved (then nothing is drawn).
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
    def hands(self) -> tuple[Hand, ...]:
        """The sides on which it is drawn."""
        return tuple(hand for hand in HANDS if self.side in (hand, "bilateral"))

    @property
    def down(self) -> float:
        """How far down the lung it lies: 0 apex .. 1 diaphragm."""
        low, high = {"upper": (0.14, 0.36), "mid": (0.44, 0.60), "lower": (0.72, 0.90)}[self.zone or "mid"]
        return low + self.spots[1] * (high - low)
