"""A body and its findings to a film."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Canvas, Layer, Strokes
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.phantom_findings import PHANTOM_FINDINGS
from cxr_cli.phantoms.film.styles import STYLES, expose, marker

_canvas = lru_cache(maxsize=4)(Canvas)


def draw_film(body: Body, findings: Sequence[DrawnFinding], size: int, style: str, seed: int) -> Layer:
    """A frontal film: (size, size) float32, 0 black .. 1 white. seed: of grain and marker, not of the anatomy."""
    canvas = _canvas(size)
    present = [finding for finding in findings if finding.change != "resolved"]
    drawings = [(finding, PHANTOM_FINDINGS[finding.name]) for finding in present]
    for finding, drawing in drawings:
        if drawing.body:
            body = drawing.body(body, finding)
    chest = Chest(body, canvas)
    rng = np.random.default_rng(seed)
    metal: Strokes = marker(STYLES[style], rng)
    for finding, drawing in drawings:
        if drawing.chest:
            drawing.chest(chest, finding)
        elif drawing.device:
            metal += [(points, width, 0.6 * strength) for points, width, strength in drawing.device(chest, finding)]
    film = chest.film()
    film += 0.85 * canvas.strokes(metal)
    return expose(film, STYLES[style], canvas, rng)
