"""Whole studies: films with findings, reports that are true to them, labels; each by the seed and its number alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cxr_cli.phantoms.film.body import Body, patient, placed_again
from cxr_cli.phantoms.film.canvas import Field
from cxr_cli.phantoms.film.drawing import draw
from cxr_cli.phantoms.film.drawn_finding import Shown
from cxr_cli.phantoms.film.scene import FINDINGS, chance, chosen, scene
from cxr_cli.phantoms.film.styles import LOOKS
from cxr_cli.phantoms.reports import report
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Rng


class Film(NamedTuple):
    """One film, not yet drawn. name: of its file, without the ending."""

    name: str
    body: Body
    shown: Sequence[Shown]
    look: str
    seed: int

    def pixels(self, size: int) -> Field:
        """(size, size) float32, 0 black .. 1 white."""
        return draw(self.body, self.shown, size, self.look, self.seed)


class Phantom(NamedTuple):
    """row: a Study whose images are the names of films. before: the film of its prior."""

    row: Row
    now: Film
    before: Film | None


@dataclass(frozen=True)
class Recipe:
    """What to draw.

    findings: those that may be drawn. prevalence: the share of films with one to four of them. each: when given, every
    finding is drawn with this chance instead, by itself. priors: the share of studies with a film before. look: a
    name of LOOKS, or "mixed".
    """

    seed: int = 0
    findings: Sequence[str] = FINDINGS
    prevalence: float = 0.5
    each: float | None = None
    priors: float = 0.2
    look: str = "mixed"

    def studies(self, count: int, start: int = 0) -> Iterator[Phantom]:
        """The studies numbered `start` .. `start + count - 1`."""
        return (self.study(number) for number in range(start, start + count))

    def study(self, number: int) -> Phantom:
        id = f"phantom-{self.seed}-{number:05d}"
        rng = Rng(id)
        film_rng = np.random.default_rng([self.seed, number])
        follow_up = chance(rng, self.priors)
        seen = scene(rng, chosen(rng, self.findings, self.prevalence, self.each), follow_up=follow_up)
        look = rng.choice(list(LOOKS)) if self.look == "mixed" else self.look
        body = patient(film_rng)
        seeds = [int(seed) for seed in film_rng.integers(2**31, size=2)]
        row: Row = {
            "id": id,
            "patient": f"{id}-patient",
            "images": [id],
            "report": report(seen.now, rng, compared=follow_up),
            "labels": _labels(seen.now),
            "prior": None,
            "split": ("test", "validate", *["train"] * 8)[Rng(f"split {id}-patient").below(10)],
            "source": f"phantom-{look}",
        }
        if seen.before is None:
            return Phantom(row, Film(id, body, seen.now, look, seeds[0]), None)
        name = f"{id}-prior"
        row["prior"] = {"id": name, "images": [name], "report": report(seen.before, rng)}
        before = Film(name, body, seen.before, look, seeds[1])
        return Phantom(row, Film(id, placed_again(body, film_rng), seen.now, look, seeds[0]), before)


def _labels(shown: Sequence[Shown]) -> dict[str, int]:
    there = {finding.name for finding in shown if finding.change != "resolved"}
    return {name: int(name in there) for name in FINDINGS}
