"""How a film comes out of the machine: contrast, grain, sharpness, markers, collimation. One look is one hospital."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from cxr_cli.phantoms.film.canvas import Field, Point, Sheet, Strokes


class Look(NamedTuple):
    """depth: how much darker the lungs are. contrast: around mid grey. grain: the noise's spread. crisp: edges' gain.

    vignette: how much darker the corners are. border: how wide the collimator's black frame is, at most.
    marker: what the lead letter on the patient's left says.
    """

    depth: float = 0.0
    contrast: float = 1.0
    grain: float = 0.012
    crisp: float = 0.0
    vignette: float = 0.08
    border: float = 0.0
    marker: str = "L"


LOOKS = {
    "clinic": Look(depth=0.05, contrast=1.1, crisp=0.5),
    "ward": Look(depth=-0.15, contrast=0.82, grain=0.022, vignette=0.16, border=0.05, marker="AP"),
    "film": Look(depth=0.3, contrast=1.15, grain=0.017, vignette=0.22, marker="R"),
    "digital": Look(depth=-0.05, contrast=0.98, grain=0.008, crisp=1.1, border=0.025),
}
_LETTERS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "L": (((0, 0), (0, 1), (0.6, 1)),),
    "R": (((0, 1), (0, 0), (0.45, 0), (0.6, 0.12), (0.6, 0.38), (0.45, 0.5), (0, 0.5)), ((0.3, 0.5), (0.62, 1))),
    "A": (((0, 1), (0.32, 0), (0.64, 1)), ((0.12, 0.65), (0.52, 0.65))),
    "P": (((0, 1), (0, 0), (0.45, 0), (0.6, 0.12), (0.6, 0.4), (0.45, 0.52), (0, 0.52)),),
}


def expose(film: Field, look: Look, sheet: Sheet, rng: np.random.Generator) -> Field:
    """The brightness of a chest as that hospital's film: 0 black .. 1 white; changed in place."""
    if look.crisp:
        picture = Image.fromarray(film)
        small = picture.reduce(max(1, sheet.size // 32)).resize(picture.size, Image.Resampling.BILINEAR)
        blurred = np.asarray(small) * (-0.35 * look.crisp)
        film *= 1 + 0.35 * look.crisp
        film += blurred
    np.clip(film, 0, 1, out=film)
    middle = 1 - film
    middle *= film
    middle *= look.depth
    film -= middle
    film *= look.contrast
    film += 0.45 * (1 - look.contrast) + float(rng.normal(0, 0.015))
    for line in (sheet.x, sheet.y):
        film *= 1 - look.vignette * (line - 0.5) ** 2
    noise = rng.integers(0, 256, (2, *film.shape), np.uint8)  # two dice look like a bell, and are ten times as fast
    film += noise[0] * (look.grain / 105)
    film += noise[1] * (look.grain / 105)
    film -= 255 / 105 * look.grain
    for line in (sheet.x, sheet.y) if look.border else ():
        start, end = ((look.border * float(share)) for share in rng.random(2))
        film *= sheet.edge(line - start, 0.004) * sheet.edge(1 - end - line, 0.004)
    return np.clip(film, 0, 1, out=film)


def marker(look: Look, rng: np.random.Generator) -> Strokes:
    """The lead letter beside the shoulder."""
    start = (0.045 if look.marker == "R" else 0.91, 0.045 + 0.02 * float(rng.random()))
    return _written(look.marker, start, 0.035)


def _written(text: str, start: Point, height: float) -> Strokes:
    step = 0.85 * height
    x0 = start[0] - step * (len(text) - 1)
    return [
        ([(x0 + step * i + height * x, start[1] + height * y) for x, y in line], 0.0065, 1.0)
        for i, letter in enumerate(text)
        for line in _LETTERS[letter]
    ]
