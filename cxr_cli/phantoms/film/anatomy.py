"""The normal chest: air, flesh, bones, vessels; kept apart until the film is made, since findings change them."""

import math

import numpy as np

from cxr_cli.phantoms.film.body import HANDS, Body, Hand
from cxr_cli.phantoms.film.canvas import Field, Point, Sheet, Strokes, curve, row
from cxr_cli.phantoms.film.soft_tissue import draw_flesh


class Chest:
    """A chest on its way to a film.

    away: each pixel's distance from the midline. out: its distance inwards from the chest wall. air: how much of its
    ray is aerated lung, 0 .. 1. flesh, bones, vessels (in air only) and add: how much brightness they give.
    """

    def __init__(self, body: Body, sheet: Sheet) -> None:
        self.body, self.sheet = body, sheet
        self.rng = np.random.default_rng(body.seed)
        x, y = sheet.x, sheet.y
        self.middle = body.line(y)
        self.off = x - self.middle
        self.away = np.abs(self.off)
        self.out = body.wall(y) - self.away
        self.half = {"right": self.off < 0, "left": self.off >= 0}
        self.lung = {hand: self._lung(hand) for hand in HANDS}
        self.air = self.lung["right"] + self.lung["left"]
        self.flesh = draw_flesh(body, sheet, self.rng)
        self.bones = self._bones()
        self.add = np.zeros_like(self.air)
        self.vessels = self._vessels()

    def at(self, hand: Hand, away: float, y: float) -> Point:
        """The point so far from the midline on that side."""
        middle = float(self.body.line(row(y))[0, 0])
        return (middle - away if hand == "right" else middle + away, y)

    def inside(self, hand: Hand, across: float, down: float) -> Point:
        """A point of a lung: across 0 (hilum) .. 1 (chest wall), down 0 (apex) .. 1 (diaphragm)."""
        y = self.body.top + 0.03 + down * (self.body.dome[hand] - self.body.top - 0.05)
        near = 0.02 + float(self.inner(row(y), hand)[0, 0])
        far = float(self.body.wall(row(y))[0, 0]) - 0.02
        return self.at(hand, near + across * (far - near), y)

    def inner(self, y: Field, hand: Hand) -> Field:
        """Where the lung begins, seen from the midline."""
        return np.maximum(self.body.heart(y, hand), self.body.mediastinum(y, hand))

    def film(self) -> Field:
        """Brightness, 0 black .. about 1 white."""
        lit = (-0.74) * self.air
        lit += 1
        lit *= self.flesh
        lit += self.bones
        lit += self.add
        self.vessels *= self.air
        lit += self.vessels
        return lit

    def _lung(self, hand: Hand) -> Field:
        edge, body, y = self.sheet.edge, self.body, self.sheet.y
        lung = np.zeros((self.sheet.size, self.sheet.size), np.float32)
        first, last = (round(float(x) * self.sheet.size) for x in (self.middle.min(), self.middle.max()))
        side = slice(0, last + 1) if hand == "right" else slice(first, None)  # the columns where it can be
        away, part = self.away[:, side], lung[:, side]
        np.multiply(edge(self.out[:, side], 0.006), edge(body.diaphragm(away, hand) - y, 0.007), out=part)
        part *= edge(away - self.inner(y, hand), 0.011)
        part *= self.half[hand][:, side]
        return lung

    def _bones(self) -> Field:
        sheet, body, y = self.sheet, self.body, self.sheet.y
        share = self.away / body.width
        square = share * share
        drop = 0.012 + 0.02 * share + 0.085 * square * square
        number = (y - body.top) / body.ribs - drop / body.ribs
        bones = self._ribs(self._break(number, *body.broken) if body.broken else number, 0.19, 0.13)
        if body.broken:
            bones *= self._ends(number, *body.broken)
        spacing = 1.12 * body.ribs
        front = (y - (body.top + 0.20)) / spacing + share * (0.20 / spacing)
        anterior = self._ribs(front, 0.24, 0.075)
        anterior *= sheet.edge(share - 0.36, 0.12)
        bones += anterior
        bones *= sheet.edge(self.away - 0.022, 0.03)
        bones *= 1.15 - 0.8 * sheet.edge(y - (body.base - 0.06), 0.16)
        bones *= sheet.edge(self.out + 0.016, 0.01)
        rim = np.abs(self.out + 0.010)
        bones += 0.05 * sheet.edge(np.subtract(0.007, rim, out=rim), 0.008)
        bones += self._spine()
        bones += 0.13 * self._shoulders()
        return bones

    def _break(self, number: Field, hand: Hand, rib: int, away: float) -> Field:
        """Two ribs stepped down beyond the place."""
        edge = self.sheet.edge
        beyond = edge(self.away - away) * edge((away + 0.10) - self.away, 0.12)
        stepped: Field = number - 0.42 * self._two(number, hand, rib) * beyond
        return stepped

    def _ends(self, number: Field, hand: Hand, rib: int, away: float) -> Field:
        """The bones' strength around a break: more where ends override, none in the gap."""
        edge, two, from_gap = self.sheet.edge, self._two(number, hand, rib), np.abs(self.away - away)
        whole: Field = 1 + two * 1.1 * edge(0.035 - from_gap, 0.03)
        whole *= 1 - two * edge(0.0055 - from_gap, 0.004)
        return whole

    def _two(self, number: Field, hand: Hand, rib: int) -> Field:
        return self.sheet.edge(1.0 - np.abs(number - (rib + 0.5)), 0.1) * self.half[hand]

    def _ribs(self, number: Field, half: float, strength: float) -> Field:
        """Bright bands around every whole number from 0 on, brighter at their rims."""
        off = np.rint(number)
        np.abs(np.subtract(number, off, out=off), out=off)
        band = self.sheet.edge(half - off, 0.006 / self.body.ribs)
        off *= off
        off *= 0.45 * strength / half**2
        off += 0.55 * strength
        band *= off
        band *= np.greater(number, (-0.4), out=off)
        return band

    def _spine(self) -> Field:
        y = self.sheet.y
        column = self.sheet.edge(0.032 - self.away, 0.014)
        discs = np.cos((y - self.body.top) * (2 * np.pi / (0.66 * self.body.ribs)))
        spine: Field = column * (0.055 + 0.022 * discs)
        return spine

    def _shoulders(self) -> Field:
        lines: Strokes = []
        top = self.body.top
        for hand in HANDS:
            bone = [(0.028, 0.068), (0.09, 0.052), (0.17, 0.030), (0.25, 0.014), (0.33, 0.016)]
            points = curve([self.at(hand, away, top + down) for away, down in bone])
            lines += [(points, 0.023, 0.95), (points[:-1], 0.014, 0.62)]
            blade = curve(
                [self.at(hand, away, top + down) for away, down in [(0.34, 0.03), (0.345, 0.14), (0.40, 0.26)]]
            )
            lines += [(blade, 0.011, 0.45)]
            head = self.at(hand, 0.44, top + 0.06)
            lines += [
                ([head, head], 0.085, 0.5),
                ([head, (head[0] + (0.05 if hand == "left" else -0.05), 0.4)], 0.05, 0.5),
            ]
        return self.sheet.strokes(lines)

    def _vessels(self) -> Field:
        rng = self.rng
        lines: Strokes = []
        for hand in HANDS:
            y = 0.415 if hand == "right" else 0.395
            root = 0.055 if hand == "right" else 0.065
            sign = -1 if hand == "right" else 1
            start = self.at(hand, root, y)
            for turn in np.linspace(-1.25, 1.42, 9) + rng.normal(0, 0.08, 9):
                length = 0.20 + 0.11 * max(0.0, math.sin(turn)) + rng.uniform(-0.03, 0.04)
                near = (start[0], start[1] + 0.035 * math.sin(turn))
                self._branch(lines, rng, near, sign, float(turn), length, 0.0105, 0)
            self.add += 0.13 * self.sheet.glow(self.at(hand, root + 0.005, y + 0.02), (0.026, 0.045))
        return 0.21 * self.sheet.strokes(lines[::-1])

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
        """A vessel that thins and fades outwards, with two smaller ones."""
        bend = turn + float(rng.normal(0, 0.16))
        mid = (start[0] + sign * 0.5 * length * math.cos(turn), start[1] + 0.5 * length * math.sin(turn))
        end = (mid[0] + sign * 0.5 * length * math.cos(bend), mid[1] + 0.5 * length * math.sin(bend))
        strength = (0.66, 0.48, 0.32)[depth]
        lines.append(([start, mid, end], 0.8 * width, 0.88 * strength))
        if depth < (2 if self.sheet.size > 200 else 1):  # what a small film cannot show is not drawn
            for split in (-0.5, 0.45):
                begin = mid if split < 0 else (0.5 * (mid[0] + end[0]), 0.5 * (mid[1] + end[1]))
                self._branch(lines, rng, begin, sign, bend + split, 0.55 * length, 0.6 * width, depth + 1)
