"""A patient's chest as numbers, and the outlines that follow from them."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cxr_cli.phantoms.film.canvas import Layer, flat_layer

BodySide = Literal["left", "right"]
BODY_SIDES: tuple[BodySide, BodySide] = ("right", "left")


@dataclass(frozen=True)
class Body:
    """One patient on one day, in coordinates of the film. Side "left" is the patient's left: larger x.

    middle: x of the midline. top, base: y of the apex and of the lowest lung. girth: of the body's outline, 1 normal.
    ribs: from one rib to the next. bubble: how much gas is in the stomach, 1 normal.

    width: from the midline to the inner chest wall at the base. ratio: the cardiothoracic ratio.
    dome: the top of each half of the diaphragm. flat: 0 normal, 1 flat domes. bow: how far the spine curves sideways.
    fractured_rib: its side, its number, and the distance of the fracture from the midline.
    """

    seed: int
    middle: float
    top: float
    base: float
    width: float
    ratio: float
    dome: dict[BodySide, float]
    girth: float
    ribs: float
    flat: float = 0.0
    bow: float = 0.0
    bubble: float = 1.0
    fractured_rib: tuple[BodySide, int, float] | None = None

    def line(self, y: Layer) -> Layer:
        """x of the midline at each y; one number where the spine is straight, which makes what follows cheaper."""
        if not self.bow:
            return flat_layer(self.middle)
        bend = np.sin((y - self.top) * (np.pi / (self.base - self.top)))
        line: Layer = self.middle + self.bow * bend
        return line

    def wall(self, y: Layer) -> Layer:
        """How far the inner chest wall is from the midline at each y; 0 above the apex."""
        t = np.clip((y - self.top) / (self.base - self.top), 0, 1)
        wall: Layer = self.width * (1 - (1 - t) ** 2.6) ** 0.5
        return wall

    def heart(self, y: Layer, side: BodySide) -> Layer:
        """How far the heart reaches from the midline at each y."""
        span = self.ratio * 2 * self.width
        if side == "right":
            reach, centre, above, below, fall = 0.35 * span, 0.61, 0.13, 0.13, 0.62
        else:
            reach, centre, above, below, fall = 0.65 * span, 0.675, 0.16, 0.20, 0.72
        down = y - (centre + 0.25 * (self.dome["left"] - 0.715))
        t = np.clip(np.maximum(-down / above, down / below), 0, 1.2)
        heart: Layer = reach * np.clip(1 - fall * t * t, 0, 1)
        return heart

    def mediastinum(self, y: Layer, side: BodySide) -> Layer:
        """How far the great vessels reach from the midline at each y: aortic knob and pulmonary trunk on the left."""
        if side == "right":
            return 0.040 + 0.018 * _bell(y, 0.36, 0.10) + 0.012 * _bell(y, 0.20, 0.07)
        return 0.036 + 0.042 * _bell(y, 0.295, 0.035) + 0.034 * _bell(y, 0.405, 0.045)

    def diaphragm(self, away: Layer, side: BodySide) -> Layer:
        """y of the diaphragm at each distance from the midline."""
        top, low = self.dome[side], self.base + 0.02 * self.flat
        crest = 0.42 * self.width
        out = np.clip((away - crest) / (self.width - crest), 0, None)
        inside = np.clip((crest - away) / crest, 0, None)
        power = 2.2 + 2.2 * self.flat
        dome: Layer = top + (low - top) * out**power + 0.03 * inside**2
        return dome


def normal_body(rng: np.random.Generator) -> Body:
    """A random body without findings."""

    def about(value: float, spread: float) -> float:
        return float(np.clip(rng.normal(value, spread), value - 2 * spread, value + 2 * spread))

    dome = about(0.685, 0.015)
    return Body(
        seed=int(rng.integers(2**31)),
        middle=about(0.5, 0.006),
        top=about(0.105, 0.012),
        base=about(0.805, 0.012),
        width=about(0.355, 0.014),
        ratio=about(0.45, 0.018),
        dome={"right": dome, "left": dome + about(0.025, 0.006)},
        girth=about(1.0, 0.05),
        ribs=about(0.0655, 0.003),
        bubble=about(1.0, 0.3),
    )


def reposition(body: Body, rng: np.random.Generator) -> Body:
    """The same patient on another day, in a slightly different position."""
    shift = rng.normal(0, 0.006, 3)
    breath = float(shift[2])
    return replace(
        body,
        middle=body.middle + float(shift[0]),
        top=body.top + float(shift[1]),
        dome={side: y + breath for side, y in body.dome.items()},
        bubble=float(rng.uniform(0.4, 1.6)),
    )


def _bell(y: Layer, centre: float, spread: float) -> Layer:
    bell: Layer = np.exp(-0.5 * ((y - centre) / spread) ** 2)
    return bell
