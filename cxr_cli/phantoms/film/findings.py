"""How each finding of lungs, pleura, heart and bones changes a chest: SHAPES change the body, MARKS the drawing."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import MM, Field, Point, Strokes, curve, row
from cxr_cli.phantoms.film.drawn_finding import Shown


def cardiomegaly(body: Body, shown: Shown) -> Body:
    return replace(body, ratio=(0.56, 0.63, 0.70)[shown.grade] + 0.02 * (shown.spots[0] - 0.5))


def hyperinflation(body: Body, shown: Shown) -> Body:
    low = max(body.dome.values()) + 0.055
    return replace(
        body,
        dome={"right": low, "left": low + 0.012},
        base=max(body.base, low + 0.065),
        top=body.top - 0.015,
        ratio=0.84 * body.ratio,
        width=1.03 * body.width,
        flat=1.0,
    )


def elevated_diaphragm(body: Body, shown: Shown) -> Body:
    up = 0.10 + 0.03 * shown.spots[0]
    return replace(body, dome={h: y - up * (h in shown.hands) for h, y in body.dome.items()})


def scoliosis(body: Body, shown: Shown) -> Body:
    bow = (0.032, 0.050, 0.066)[shown.grade]
    return replace(body, bow=bow if shown.spots[0] < 0.5 else -bow)


def fracture(body: Body, shown: Shown) -> Body:
    rib, across = 3 + int(4 * shown.spots[0]), 0.66 + 0.12 * shown.spots[1]
    y = body.top + rib * body.ribs
    wall = float(body.wall(row(y))[0, 0])
    return replace(body, broken=(shown.hands[0], rib, across * wall))


def pleural_effusion(chest: Chest, shown: Shown) -> None:
    body, sheet = chest.body, chest.sheet
    for hand in shown.hands:
        share = np.clip(chest.away / chest.body.width, 0, 1)
        level = (body.base - 0.10, body.dome[hand] - 0.12, body.dome[hand] - 0.30)[shown.grade]
        dip = (0.10, 0.085, 0.10)[shown.grade]
        surface = (level + 0.02 * (shown.spots[0] - 0.5)) + dip * (1 - share**4)
        fluid = sheet.edge(sheet.y - surface, 0.014) * chest.half[hand]
        _fill(chest, fluid)
        fluid *= chest.lung[hand]
        chest.flesh += 0.06 * fluid
        chest.bones *= 1 - 0.3 * fluid


def pneumothorax(chest: Chest, shown: Shown) -> None:
    body, sheet, y = chest.body, chest.sheet, chest.sheet.y
    for hand in shown.hands:
        t = np.clip((y - body.top) / (body.dome[hand] - body.top), 0, 1)
        gap, drop, end = ((0.035, 0.045, 0.5), (0.07, 0.06, 1.0), (0.125, 0.085, 1.6))[shown.grade]
        shrunk = body.wall(y - drop) - gap * np.clip(1 - t / end, 0, 1) ** 0.7
        inside = shrunk - chest.away
        free = (1 - sheet.edge(inside)) * chest.lung[hand] * sheet.edge(end - t, 0.1)
        chest.vessels *= 1 - free
        chest.add -= 0.035 * free
        rim = sheet.edge(0.0025 - np.abs(inside), 0.003) * chest.lung[hand]
        chest.add += 0.17 * rim * sheet.edge(end - t, 0.2)
        squeezed = chest.lung[hand] * sheet.edge(inside) * (0.02, 0.05, 0.16)[shown.grade]
        chest.air -= squeezed


def consolidation(chest: Chest, shown: Shown) -> None:
    sheet = chest.sheet
    for hand in shown.hands:
        centre = chest.inside(hand, 0.42 + 0.25 * shown.spots[0], shown.down)
        size = (0.055, 0.07, 0.09)[shown.grade]
        patch = sheet.glow(centre, (size * 1.15, size)) * (1 + 0.4 * sheet.mottle(chest.rng, 0.03))
        patch = np.clip(1.5 * patch, 0, 1) * chest.half[hand]
        tubes = [_ray(centre, turn, 0.2 * size, 1.3 * size) for turn in (0.3, 1.5, 2.6, 3.9, 5.2)]
        chest.add -= 0.06 * sheet.strokes([(tube, 0.006, 0.8) for tube in tubes]) * patch
        _fill(chest, 0.88 * patch)


def atelectasis(chest: Chest, shown: Shown) -> None:
    lines: Strokes = []
    for hand in shown.hands:
        for i in range(2 + shown.grade):
            x, y = chest.inside(hand, 0.38 + 0.3 * shown.spots[0] + 0.06 * i, 0.88 - 0.055 * i)
            long, tilt = 0.055 + 0.012 * shown.grade, 0.004 + 0.012 * i * shown.spots[2]
            tilt = tilt if hand == "left" else -tilt
            lines.append((curve([(x - long, y - tilt), (x, y - 0.002), (x + long, y + tilt)], 6), 0.009, 0.85))
    _fill(chest, 0.62 * chest.sheet.strokes(lines))


def nodule(chest: Chest, shown: Shown) -> None:
    radius = (shown.size or 15) / 2 * MM
    for hand in shown.hands:
        centre = chest.inside(hand, 0.35 + 0.4 * shown.spots[0], shown.down)
        _fill(chest, 0.6 * chest.sheet.ellipse(centre, (radius, 0.92 * radius), 0.5 * radius))


def mass(chest: Chest, shown: Shown) -> None:
    radius = (shown.size or 50) / 2 * MM
    for hand in shown.hands:
        x, y = chest.inside(hand, 0.35 + 0.3 * shown.spots[0], shown.down)
        lobes = chest.sheet.ellipse((x, y), (0.9 * radius, 0.8 * radius), 0.01)
        for turn in (0.4, 2.3, 4.4):
            at = (
                x + 0.38 * radius * math.cos(turn + shown.spots[2]),
                y + 0.38 * radius * math.sin(turn + shown.spots[2]),
            )
            lobes = np.maximum(lobes, chest.sheet.ellipse(at, (0.62 * radius, 0.62 * radius), 0.01))
        _fill(chest, 0.8 * lobes)


def edema(chest: Chest, shown: Shown) -> None:
    sheet, strong = chest.sheet, (0.42, 0.60, 0.82)[shown.grade]
    haze = np.zeros_like(chest.air)
    for hand in ("right", "left"):
        haze += sheet.glow(chest.inside(hand, 0.22, 0.60), (0.085 + 0.02 * shown.grade, 0.125 + 0.02 * shown.grade))
    lines: Strokes = [
        ([(x, y), (x - 0.035 if hand == "left" else x + 0.035, y + 0.003)], 0.003, 0.6)
        for hand in ("right", "left")
        for i in range(6)
        for x, y in [chest.inside(hand, 1.02, 0.72 + 0.045 * i)]
    ]
    haze *= strong * (1 + 0.55 * sheet.mottle(chest.rng, 0.022))
    chest.vessels *= 1.25 + 0.2 * shown.grade
    _fill(chest, np.clip(haze + 0.25 * sheet.strokes(lines), 0, 0.86))


def _fill(chest: Chest, share: Field) -> None:
    """That share of the air is gone."""
    chest.air *= 1 - share


def _ray(centre: Point, turn: float, start: float, end: float) -> list[Point]:
    cos, sin = math.cos(turn), math.sin(turn)
    return [(centre[0] + start * cos, centre[1] + start * sin), (centre[0] + end * cos, centre[1] + end * sin)]


SHAPES: dict[str, Callable[[Body, Shown], Body]] = {
    "cardiomegaly": cardiomegaly,
    "hyperinflation": hyperinflation,
    "elevated diaphragm": elevated_diaphragm,
    "scoliosis": scoliosis,
    "fracture": fracture,
}
MARKS: dict[str, Callable[[Chest, Shown], None]] = {
    "pleural effusion": pleural_effusion,
    "pneumothorax": pneumothorax,
    "consolidation": consolidation,
    "atelectasis": atelectasis,
    "nodule": nodule,
    "mass": mass,
    "edema": edema,
}
