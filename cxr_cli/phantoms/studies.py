"""Whole studies: films with findings, and reports and labels that are true to them. Seed and number determine all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cxr_cli.phantoms.film.body import Body, normal_body, reposition
from cxr_cli.phantoms.film.canvas import Layer
from cxr_cli.phantoms.film.drawing import draw_film
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.phantom_findings import PHANTOM_FINDINGS
from cxr_cli.phantoms.film.scene import chance, choose_names, scene
from cxr_cli.phantoms.film.styles import STYLES
from cxr_cli.phantoms.reports import write_report
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Rng


class PhantomFilm(NamedTuple):
    """One film, not yet drawn. name: of its file, without the suffix."""

    name: str
    body: Body
    findings: Sequence[DrawnFinding]
    style: str
    seed: int

    def pixels(self, size: int) -> Layer:
        """(size, size) float32, 0 black .. 1 white."""
        return draw_film(self.body, self.findings, size, self.style, self.seed)


class Phantom(NamedTuple):
    """row: a Study whose images are names of films. prior_film: None if the study has no prior."""

    row: Row
    film: PhantomFilm
    prior_film: PhantomFilm | None


@dataclass(frozen=True)
class Recipe:
    """What to draw.

    findings: those that may be drawn. prevalence: the share of films with one to four of them. each: instead of
    `prevalence`, the chance of each finding. priors: the share of studies with a prior film. style: a name of STYLES,
    or "mixed".
    """

    seed: int = 0
    findings: Sequence[str] = tuple(PHANTOM_FINDINGS)
    prevalence: float = 0.5
    each: float | None = None
    priors: float = 0.2
    style: str = "mixed"

    def studies(self, count: int, start: int = 0) -> Iterator[Phantom]:
        """The studies numbered `start` .. `start + count - 1`."""
        return (self.study(number) for number in range(start, start + count))

    def study(self, number: int) -> Phantom:
        id = f"phantom-{self.seed}-{number:05d}"
        rng = Rng(id)
        film_rng = np.random.default_rng([self.seed, number])
        follow_up = chance(rng, self.priors)
        drawing = scene(rng, choose_names(rng, self.findings, self.prevalence, self.each), follow_up=follow_up)
        style = rng.choice(list(STYLES)) if self.style == "mixed" else self.style
        body = normal_body(film_rng)
        seeds = [int(seed) for seed in film_rng.integers(2**31, size=2)]
        row: Row = {
            "id": id,
            "patient": f"{id}-patient",
            "images": [id],
            "report": write_report(drawing.findings, rng, compared=follow_up),
            "labels": _film_labels(drawing.findings),
            "prior": None,
            "split": ("test", "validate", *["train"] * 8)[Rng(f"split {id}-patient").below(10)],
            "source": f"phantom-{style}",
        }
        if drawing.prior_findings is None:
            return Phantom(row, PhantomFilm(id, body, drawing.findings, style, seeds[0]), None)
        name = f"{id}-prior"
        row["prior"] = {"id": name, "images": [name], "report": write_report(drawing.prior_findings, rng)}
        prior_film = PhantomFilm(name, body, drawing.prior_findings, style, seeds[1])
        return Phantom(row, PhantomFilm(id, reposition(body, film_rng), drawing.findings, style, seeds[0]), prior_film)


def _film_labels(findings: Sequence[DrawnFinding]) -> dict[str, int]:
    present = {finding.name for finding in findings if finding.change != "resolved"}
    return {name: int(name in present) for name in PHANTOM_FINDINGS}
