"""Findings and a body to a film."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Field, Sheet, Strokes
from cxr_cli.phantoms.film.devices import DEVICES
from cxr_cli.phantoms.film.drawn_finding import Shown
from cxr_cli.phantoms.film.findings import MARKS, SHAPES
from cxr_cli.phantoms.film.styles import LOOKS, expose, marker

FINDINGS = (*MARKS, *SHAPES, *DEVICES)
_sheet = lru_cache(maxsize=4)(Sheet)


def draw(body: Body, shown: Sequence[Shown], size: int, look: str, seed: int) -> Field:
    """A frontal film: (size, size) float32, 0 black .. 1 white. seed: of the grain and the like, not of the anatomy."""
    sheet = _sheet(size)
    there = [finding for finding in shown if finding.change != "resolved"]
    for finding in there:
        if shape := SHAPES.get(finding.name):
            body = shape(body, finding)
    chest = Chest(body, sheet)
    rng = np.random.default_rng(seed)
    metal: Strokes = marker(LOOKS[look], rng)
    for finding in there:
        if mark := MARKS.get(finding.name):
            mark(chest, finding)
        elif device := DEVICES.get(finding.name):
            metal += [(points, width, 0.6 * strength) for points, width, strength in device(chest, finding)]
    film = chest.film()
    film += 0.85 * sheet.strokes(metal)
    return expose(film, LOOKS[look], sheet, rng)
