"""The normal chest: air, soft tissue, bones and vessels as layers of their own, since findings change each of them."""

import math

import numpy as np

from cxr_cli.phantoms.film.body import BODY_SIDES, Body, BodySide
from cxr_cli.phantoms.film.canvas import Canvas, Layer, Point, Strokes, curve, flat_layer
from cxr_cli.phantoms.film.soft_tissue import draw_soft_tissue


class Chest:
    """The layers of a chest, each (size, size), until `film` adds them up.

    away: each pixel's distance from the midline. out: its distance inwards from the chest wall. lung: of each side, and
    air, of both: how much of the ray through a pixel is aerated lung, 0 .. 1. soft_tissue, bones, vessels (seen in air
    alone) and add (what findings add): their brightness.
    """

    def __init__(self, body: Body, canvas: Canvas) -> None:
        self.body, self.canvas = body, canvas
        self.rng = np.random.default_rng(body.seed)
        x, y = canvas.x, canvas.y
        self.middle = body.line(y)
        self.off = x - self.middle
        self.away = np.abs(self.off)
        self.out = body.wall(y) - self.away
        self.half = {"right": self.off < 0, "left": self.off >= 0}
        self.lung = {side: self._lung(side) for side in BODY_SIDES}
        self.air = self.lung["right"] + self.lung["left"]
        self.soft_tissue = draw_soft_tissue(body, canvas, self.rng)
        self.bones = self._bones()
        self.add = np.zeros_like(self.air)
        self.vessels = self._vessels()

    def at(self, side: BodySide, away: float, y: float) -> Point:
        """The point at this distance from the midline on this side."""
        middle = float(self.body.line(flat_layer(y))[0, 0])
        return (middle - away if side == "right" else middle + away, y)

    def inside(self, side: BodySide, across: float, down: float) -> Point:
        """A point of a lung: across 0 (hilum) .. 1 (chest wall), down 0 (apex) .. 1 (diaphragm)."""
        y = self.body.top + 0.03 + down * (self.body.dome[side] - self.body.top - 0.05)
        near = 0.02 + float(self.inner(flat_layer(y), side)[0, 0])
        far = float(self.body.wall(flat_layer(y))[0, 0]) - 0.02
        return self.at(side, near + across * (far - near), y)

    def inner(self, y: Layer, side: BodySide) -> Layer:
        """The distance from the midline at which the lung begins."""
        return np.maximum(self.body.heart(y, side), self.body.mediastinum(y, side))

    def film(self) -> Layer:
        """Brightness, 0 black .. about 1 white."""
        light = (-0.74) * self.air
        light += 1
        light *= self.soft_tissue
        light += self.bones
        light += self.add
        self.vessels *= self.air
        light += self.vessels
        return light

    def _lung(self, side: BodySide) -> Layer:
        edge, body, y = self.canvas.edge, self.body, self.canvas.y
        lung = np.zeros((self.canvas.size, self.canvas.size), np.float32)
        first, last = (round(float(x) * self.canvas.size) for x in (self.middle.min(), self.middle.max()))
        columns = slice(0, last + 1) if side == "right" else slice(first, None)  # where this lung can be
        away, part = self.away[:, columns], lung[:, columns]
        np.multiply(edge(self.out[:, columns], 0.006), edge(body.diaphragm(away, side) - y, 0.007), out=part)
        part *= edge(away - self.inner(y, side), 0.011)
        part *= self.half[side][:, columns]
        return lung

    def _bones(self) -> Layer:
        canvas, body, y = self.canvas, self.body, self.canvas.y
        share = self.away / body.width
        square = share * share
        drop = 0.012 + 0.02 * share + 0.085 * square * square
        number = (y - body.top) / body.ribs - drop / body.ribs
        bones = self._ribs(self._step_ribs(number, *body.fractured_rib) if body.fractured_rib else number, 0.19, 0.13)
        if body.fractured_rib:
            bones *= self._fracture_strength(number, *body.fractured_rib)
        spacing = 1.12 * body.ribs
        front = (y - (body.top + 0.20)) / spacing + share * (0.20 / spacing)
        anterior = self._ribs(front, 0.24, 0.075)
        anterior *= canvas.edge(share - 0.36, 0.12)
        bones += anterior
        bones *= canvas.edge(self.away - 0.022, 0.03)
        bones *= 1.15 - 0.8 * canvas.edge(y - (body.base - 0.06), 0.16)
        bones *= canvas.edge(self.out + 0.016, 0.01)
        rim = np.abs(self.out + 0.010)
        bones += 0.05 * canvas.edge(np.subtract(0.007, rim, out=rim), 0.008)
        bones += self._spine()
        bones += 0.13 * self._shoulders()
        return bones

    def _step_ribs(self, number: Layer, side: BodySide, rib: int, away: float) -> Layer:
        """The ribs' numbers with two ribs stepped down beyond the fracture."""
        edge = self.canvas.edge
        beyond = edge(self.away - away) * edge((away + 0.10) - self.away, 0.12)
        stepped: Layer = number - 0.42 * self._rib_and_next(number, side, rib) * beyond
        return stepped

    def _fracture_strength(self, number: Layer, side: BodySide, rib: int, away: float) -> Layer:
        """The strength of bones around a fracture: more where the ends overlap, none in the gap."""
        edge, two, from_gap = self.canvas.edge, self._rib_and_next(number, side, rib), np.abs(self.away - away)
        whole: Layer = 1 + two * 1.1 * edge(0.035 - from_gap, 0.03)
        whole *= 1 - two * edge(0.0055 - from_gap, 0.004)
        return whole

    def _rib_and_next(self, number: Layer, side: BodySide, rib: int) -> Layer:
        return self.canvas.edge(1.0 - np.abs(number - (rib + 0.5)), 0.1) * self.half[side]

    def _ribs(self, number: Layer, half: float, strength: float) -> Layer:
        """Bright bands around every whole number from 0 on, brighter at their rims."""
        off = np.rint(number)
        np.abs(np.subtract(number, off, out=off), out=off)
        band = self.canvas.edge(half - off, 0.006 / self.body.ribs)
        off *= off
        off *= 0.45 * strength / half**2
        off += 0.55 * strength
        band *= off
        band *= np.greater(number, (-0.4), out=off)
        return band

    def _spine(self) -> Layer:
        y = self.canvas.y
        column = self.canvas.edge(0.032 - self.away, 0.014)
        discs = np.cos((y - self.body.top) * (2 * np.pi / (0.66 * self.body.ribs)))
        spine: Layer = column * (0.055 + 0.022 * discs)
        return spine

    def _shoulders(self) -> Layer:
        lines: Strokes = []
        top = self.body.top
        for side in BODY_SIDES:
            bone = [(0.028, 0.068), (0.09, 0.052), (0.17, 0.030), (0.25, 0.014), (0.33, 0.016)]
            points = curve([self.at(side, away, top + down) for away, down in bone])
            lines += [(points, 0.023, 0.95), (points[:-1], 0.014, 0.62)]
            blade = curve(
                [self.at(side, away, top + down) for away, down in [(0.34, 0.03), (0.345, 0.14), (0.40, 0.26)]]
            )
            lines += [(blade, 0.011, 0.45)]
            head = self.at(side, 0.44, top + 0.06)
            lines += [
                ([head, head], 0.085, 0.5),
                ([head, (head[0] + (0.05 if side == "left" else -0.05), 0.4)], 0.05, 0.5),
            ]
        return self.canvas.strokes(lines)

    def _vessels(self) -> Layer:
        rng = self.rng
        lines: Strokes = []
        for side in BODY_SIDES:
            y = 0.415 if side == "right" else 0.395
            root = 0.055 if side == "right" else 0.065
            sign = -1 if side == "right" else 1
            start = self.at(side, root, y)
            for turn in np.linspace(-1.25, 1.42, 9) + rng.normal(0, 0.08, 9):
                length = 0.20 + 0.11 * max(0.0, math.sin(turn)) + rng.uniform(-0.03, 0.04)
                near = (start[0], start[1] + 0.035 * math.sin(turn))
                self._branch(lines, rng, near, sign, float(turn), length, 0.0105, 0)
            self.add += 0.13 * self.canvas.glow(self.at(side, root + 0.005, y + 0.02), (0.026, 0.045))
        return 0.21 * self.canvas.strokes(lines[::-1])

    def _branch(
        self,
        lines: Strokes,
        rng: np.random.Generator,
        start: Point,
        sign: int,
        turn: float,
        length: float,
        width: float,
        depth: int,
    ) -> None:
        """A vessel that becomes thinner and fainter outwards, with two smaller branches."""
        bend = turn + float(rng.normal(0, 0.16))
        mid = (start[0] + sign * 0.5 * length * math.cos(turn), start[1] + 0.5 * length * math.sin(turn))
        end = (mid[0] + sign * 0.5 * length * math.cos(bend), mid[1] + 0.5 * length * math.sin(bend))
        strength = (0.66, 0.48, 0.32)[depth]
        lines.append(([start, mid, end], 0.8 * width, 0.88 * strength))
        if depth < (2 if self.canvas.size > 200 else 1):  # a small film could not show them
            for split in (-0.5, 0.45):
                begin = mid if split < 0 else (0.5 * (mid[0] + end[0]), 0.5 * (mid[1] + end[1]))
                self._branch(lines, rng, begin, sign, bend + split, 0.55 * length, 0.6 * width, depth + 1)
