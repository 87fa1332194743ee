"""How a film comes out of the machine: contrast, grain, sharpness, markers, collimation. A style is a hospital's."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from cxr_cli.phantoms.film.canvas import Canvas, Layer, Point, Strokes


class Style(NamedTuple):
    """depth: how much darker the lungs are. contrast: around mid grey. grain: spread of the noise. crisp: edge gain.

    vignette: how much darker the corners are. border: the greatest width of the collimator's black frame. marker: the
    lead letters beside the shoulder.
    """

    depth: float = 0.0
    contrast: float = 1.0
    grain: float = 0.012
    crisp: float = 0.0
    vignette: float = 0.08
    border: float = 0.0
    marker: str = "L"


STYLES = {
    "clinic": Style(depth=0.05, contrast=1.1, crisp=0.5),
    "ward": Style(depth=-0.15, contrast=0.82, grain=0.022, vignette=0.16, border=0.05, marker="AP"),
    "film": Style(depth=0.3, contrast=1.15, grain=0.017, vignette=0.22, marker="R"),
    "digital": Style(depth=-0.05, contrast=0.98, grain=0.008, crisp=1.1, border=0.025),
}
_MARKER_STROKES: dict[str, tuple[tuple[Point, ...], ...]] = {
    "L": (((0, 0), (0, 1), (0.6, 1)),),
    "R": (((0, 1), (0, 0), (0.45, 0), (0.6, 0.12), (0.6, 0.38), (0.45, 0.5), (0, 0.5)), ((0.3, 0.5), (0.62, 1))),
    "A": (((0, 1), (0.32, 0), (0.64, 1)), ((0.12, 0.65), (0.52, 0.65))),
    "P": (((0, 1), (0, 0), (0.45, 0), (0.6, 0.12), (0.6, 0.4), (0.45, 0.52), (0, 0.52)),),
}


def expose(film: Layer, style: Style, canvas: Canvas, rng: np.random.Generator) -> Layer:
    """The brightness of a chest as a film in this style: 0 black .. 1 white; changed in place."""
    if style.crisp:
        sharp = Image.fromarray(film)
        small = sharp.reduce(max(1, canvas.size // 32)).resize(sharp.size, Image.Resampling.BILINEAR)
        blurred = np.asarray(small) * (-0.35 * style.crisp)
        film *= 1 + 0.35 * style.crisp
        film += blurred
    np.clip(film, 0, 1, out=film)
    middle = 1 - film
    middle *= film
    middle *= style.depth
    film -= middle
    film *= style.contrast
    film += 0.45 * (1 - style.contrast) + float(rng.normal(0, 0.015))
    for line in (canvas.x, canvas.y):
        film *= 1 - style.vignette * (line - 0.5) ** 2
    # The sum of two dice is nearly normal, and ten times as fast as normal numbers.
    noise = rng.integers(0, 256, (2, *film.shape), np.uint8)
    film += noise[0] * (style.grain / 105)
    film += noise[1] * (style.grain / 105)
    film -= 255 / 105 * style.grain
    for line in (canvas.x, canvas.y) if style.border else ():
        start, end = ((style.border * float(share)) for share in rng.random(2))
        film *= canvas.edge(line - start, 0.004) * canvas.edge(1 - end - line, 0.004)
    return np.clip(film, 0, 1, out=film)


def marker(style: Style, rng: np.random.Generator) -> Strokes:
    """The lead letters beside the shoulder."""
    start = (0.045 if style.marker == "R" else 0.91, 0.045 + 0.02 * float(rng.random()))
    return _letters(style.marker, start, 0.035)


def _letters(text: str, start: Point, height: float) -> Strokes:
    step = 0.85 * height
    x0 = start[0] - step * (len(text) - 1)
    return [
        ([(x0 + step * i + height * x, start[1] + height * y) for x, y in line], 0.0065, 1.0)
        for i, letter in enumerate(text)
        for line in _MARKER_STROKES[letter]
    ]
