"""A body and its findings to a film."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Canvas, Layer, Strokes
from cxr_cli.phantoms.film.devices import DEVICES
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.findings import BODY_CHANGES, CHEST_CHANGES
from cxr_cli.phantoms.film.styles import STYLES, expose, marker

_canvas = lru_cache(maxsize=4)(Canvas)


def draw_film(body: Body, findings: Sequence[DrawnFinding], size: int, style: str, seed: int) -> Layer:
    """A frontal film: (size, size) float32, 0 black .. 1 white. seed: of grain and marker, not of the anatomy."""
    canvas = _canvas(size)
    present = [finding for finding in findings if finding.change != "resolved"]
    for finding in present:
        if change_body := BODY_CHANGES.get(finding.name):
            body = change_body(body, finding)
    chest = Chest(body, canvas)
    rng = np.random.default_rng(seed)
    metal: Strokes = marker(STYLES[style], rng)
    for finding in present:
        if change_chest := CHEST_CHANGES.get(finding.name):
            change_chest(chest, finding)
        elif draw_device := DEVICES.get(finding.name):
            metal += [(points, width, 0.6 * strength) for points, width, strength in draw_device(chest, finding)]
    film = chest.film()
    film += 0.85 * canvas.strokes(metal)
    return expose(film, STYLES[style], canvas, rng)
