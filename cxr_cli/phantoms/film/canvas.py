"""A canvas to draw on: smooth areas by numpy, strokes by Pillow, both in the film's own coordinates.

x runs from 0 (left edge, the patient's right) to 1, y from 0 (top) to 1; a chest film is about 400 mm wide. Layers are
float32 arrays of shape (size, size), from 0 (nothing there) to 1 (fully there).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Layer = npt.NDArray[Any]
"""float32 throughout: a Python number keeps the type, a numpy float64 would widen it."""
Point = tuple[float, float]
Strokes = list[tuple[Sequence[Point], float, float]]
"""Lines: the points, the width, and the strength, 0 .. 1, of each."""
MM = 1 / 400
"""One millimetre of the patient, in coordinates of the film."""


class Canvas:
    """A square of size x size pixels. x: (1, size), y: (size, 1), the centres of its pixels."""

    def __init__(self, size: int) -> None:
        at = (np.arange(size, dtype=np.float32) + 0.5) / size
        self.size, self.x, self.y = size, at[None, :], at[:, None]
        self._fine = max(2, round(448 / size))  # strokes are drawn so many times larger and averaged

    def edge(self, distance: Layer, soft: float = 0.0) -> Layer:
        """0 outside (distance < 0), 1 inside, with a ramp as wide as `soft` or a pixel and a half."""
        ramp = distance * (1 / max(soft, 1.5 / self.size))
        ramp += 0.5
        return np.clip(ramp, 0, 1, out=ramp)

    def strokes(self, lines: Strokes) -> Layer:
        """A layer with all lines; later ones lie on top."""
        scale = self.size * self._fine
        image = Image.new("L", (scale, scale))
        draw = ImageDraw.Draw(image)
        for points, width, strength in lines:
            self._stroke(draw, [(x * scale, y * scale) for x, y in points], width * scale, round(255 * strength))
        layer = np.asarray(image.reduce(self._fine), np.float32)
        layer *= 1 / 255
        return layer

    def _stroke(self, draw: ImageDraw.ImageDraw, points: list[Point], width: float, fill: int) -> None:
        if width < self._fine:  # thinner than a pixel: a fainter line
            fill, width = max(1, round(fill * max(width / self._fine, 0.25))), self._fine
        draw.line(points, fill, round(width), joint="curve" if len(points) > 3 else None)
        if (half := width / 2) > 5:
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - half, y - half, x + half, y + half), fill)

    def ellipse(self, centre: Point, radii: Point, soft: float = 0.0, turn: float = 0.0) -> Layer:
        """turn: radians, clockwise on the film."""
        dx, dy = self.x - centre[0], self.y - centre[1]
        if turn:
            cos, sin = math.cos(turn), math.sin(turn)
            dx, dy = dx * cos + dy * sin, dy * cos - dx * sin
        dx, dy = dx * (1 / radii[0]), dy * (1 / radii[1])
        away = np.sqrt(dx * dx + dy * dy)
        return self.edge((1 - away) * min(radii), soft)

    def glow(self, centre: Point, radii: Point) -> Layer:
        """A Gaussian bell, 1 at the centre and 0.6 one radius away."""
        across = np.exp(-0.5 * ((self.x - centre[0]) / radii[0]) ** 2)
        down = np.exp(-0.5 * ((self.y - centre[1]) / radii[1]) ** 2)
        bell: Layer = across * down
        return bell

    def mottle(self, rng: np.random.Generator, grain: float) -> Layer:
        """Random clouds, about -1 .. 1 with mean 0, of lumps as wide as `grain`."""
        cells = max(4, round(1 / grain) + 3)
        coarse = Image.fromarray(rng.random((cells, cells), np.float32) * 2.4 - 1.2)
        return np.asarray(coarse.resize((self.size, self.size), Image.Resampling.BILINEAR))


def flat_layer(y: float) -> Layer:
    """One number as a layer of shape (1, 1)."""
    return np.full((1, 1), y, np.float32)


def curve(points: Sequence[Point], count: int = 24) -> list[Point]:
    """A smooth line through the points (Catmull-Rom)."""
    p = np.asarray([points[0], *points, points[-1]], float)
    t = np.linspace(0, len(points) - 1, count)
    i = np.minimum(t.astype(int), len(points) - 2)
    u = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    line = b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
    return [(float(x), float(y)) for x, y in line]
