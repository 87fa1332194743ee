"""Findings and a body to a film."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cxr_cli.phantoms.anatomy import Chest
from cxr_cli.phantoms.body import Body
from cxr_cli.phantoms.devices import DEVICES
from cxr_cli.phantoms.findings import MARKS, SHAPES
from cxr_cli.phantoms.looks import LOOKS, expose, marker
from cxr_cli.phantoms.sheet import Field, Sheet, Strokes
from cxr_cli.phantoms.shown import Shown

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
