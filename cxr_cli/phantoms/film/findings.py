"""Findings of lungs, pleura, heart and bones: some change the body, the others the chest that is drawn from it."""

import math
from dataclasses import replace

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import MM, Layer, Point, Strokes, curve, flat_layer
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding


def cardiomegaly(body: Body, finding: DrawnFinding) -> Body:
    return replace(body, ratio=(0.56, 0.63, 0.70)[finding.grade] + 0.02 * (finding.spots[0] - 0.5))


def hyperinflation(body: Body, finding: DrawnFinding) -> Body:
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


def elevated_diaphragm(body: Body, finding: DrawnFinding) -> Body:
    up = 0.10 + 0.03 * finding.spots[0]
    return replace(body, dome={h: y - up * (h in finding.sides) for h, y in body.dome.items()})


def scoliosis(body: Body, finding: DrawnFinding) -> Body:
    bow = (0.032, 0.050, 0.066)[finding.grade]
    return replace(body, bow=bow if finding.spots[0] < 0.5 else -bow)


def fracture(body: Body, finding: DrawnFinding) -> Body:
    rib, across = 3 + int(4 * finding.spots[0]), 0.66 + 0.12 * finding.spots[1]
    y = body.top + rib * body.ribs
    wall = float(body.wall(flat_layer(y))[0, 0])
    return replace(body, fractured_rib=(finding.sides[0], rib, across * wall))


def pleural_effusion(chest: Chest, finding: DrawnFinding) -> None:
    body, canvas = chest.body, chest.canvas
    for side in finding.sides:
        share = np.clip(chest.away / chest.body.width, 0, 1)
        level = (body.base - 0.10, body.dome[side] - 0.12, body.dome[side] - 0.30)[finding.grade]
        dip = (0.10, 0.085, 0.10)[finding.grade]
        surface = (level + 0.02 * (finding.spots[0] - 0.5)) + dip * (1 - share**4)
        fluid = canvas.edge(canvas.y - surface, 0.014) * chest.half[side]
        _fill_air(chest, fluid)
        fluid *= chest.lung[side]
        chest.soft_tissue += 0.06 * fluid
        chest.bones *= 1 - 0.3 * fluid


def pneumothorax(chest: Chest, finding: DrawnFinding) -> None:
    body, canvas, y = chest.body, chest.canvas, chest.canvas.y
    for side in finding.sides:
        t = np.clip((y - body.top) / (body.dome[side] - body.top), 0, 1)
        gap, drop, end = ((0.035, 0.045, 0.5), (0.07, 0.06, 1.0), (0.125, 0.085, 1.6))[finding.grade]
        shrunk = body.wall(y - drop) - gap * np.clip(1 - t / end, 0, 1) ** 0.7
        inside = shrunk - chest.away
        free = (1 - canvas.edge(inside)) * chest.lung[side] * canvas.edge(end - t, 0.1)
        chest.vessels *= 1 - free
        chest.add -= 0.035 * free
        rim = canvas.edge(0.0025 - np.abs(inside), 0.003) * chest.lung[side]
        chest.add += 0.17 * rim * canvas.edge(end - t, 0.2)
        squeezed = chest.lung[side] * canvas.edge(inside) * (0.02, 0.05, 0.16)[finding.grade]
        chest.air -= squeezed


def consolidation(chest: Chest, finding: DrawnFinding) -> None:
    canvas = chest.canvas
    for side in finding.sides:
        centre = chest.inside(side, 0.42 + 0.25 * finding.spots[0], finding.down)
        size = (0.055, 0.07, 0.09)[finding.grade]
        patch = canvas.glow(centre, (size * 1.15, size)) * (1 + 0.4 * canvas.mottle(chest.rng, 0.03))
        patch = np.clip(1.5 * patch, 0, 1) * chest.half[side]
        tubes = [_ray(centre, turn, 0.2 * size, 1.3 * size) for turn in (0.3, 1.5, 2.6, 3.9, 5.2)]
        chest.add -= 0.06 * canvas.strokes([(tube, 0.006, 0.8) for tube in tubes]) * patch
        _fill_air(chest, 0.88 * patch)


def atelectasis(chest: Chest, finding: DrawnFinding) -> None:
    lines: Strokes = []
    for side in finding.sides:
        for i in range(2 + finding.grade):
            x, y = chest.inside(side, 0.38 + 0.3 * finding.spots[0] + 0.06 * i, 0.88 - 0.055 * i)
            long, tilt = 0.055 + 0.012 * finding.grade, 0.004 + 0.012 * i * finding.spots[2]
            tilt = tilt if side == "left" else -tilt
            lines.append((curve([(x - long, y - tilt), (x, y - 0.002), (x + long, y + tilt)], 6), 0.009, 0.85))
    _fill_air(chest, 0.62 * chest.canvas.strokes(lines))


def nodule(chest: Chest, finding: DrawnFinding) -> None:
    radius = (finding.size or 15) / 2 * MM
    for side in finding.sides:
        centre = chest.inside(side, 0.35 + 0.4 * finding.spots[0], finding.down)
        _fill_air(chest, 0.6 * chest.canvas.ellipse(centre, (radius, 0.92 * radius), 0.5 * radius))


def mass(chest: Chest, finding: DrawnFinding) -> None:
    radius = (finding.size or 50) / 2 * MM
    for side in finding.sides:
        x, y = chest.inside(side, 0.35 + 0.3 * finding.spots[0], finding.down)
        lobes = chest.canvas.ellipse((x, y), (0.9 * radius, 0.8 * radius), 0.01)
        for turn in (0.4, 2.3, 4.4):
            at = (
                x + 0.38 * radius * math.cos(turn + finding.spots[2]),
                y + 0.38 * radius * math.sin(turn + finding.spots[2]),
            )
            lobes = np.maximum(lobes, chest.canvas.ellipse(at, (0.62 * radius, 0.62 * radius), 0.01))
        _fill_air(chest, 0.8 * lobes)


def edema(chest: Chest, finding: DrawnFinding) -> None:
    canvas, strong = chest.canvas, (0.42, 0.60, 0.82)[finding.grade]
    haze = np.zeros_like(chest.air)
    for side in ("right", "left"):
        haze += canvas.glow(
            chest.inside(side, 0.22, 0.60), (0.085 + 0.02 * finding.grade, 0.125 + 0.02 * finding.grade)
        )
    lines: Strokes = [
        ([(x, y), (x - 0.035 if side == "left" else x + 0.035, y + 0.003)], 0.003, 0.6)
        for side in ("right", "left")
        for i in range(6)
        for x, y in [chest.inside(side, 1.02, 0.72 + 0.045 * i)]
    ]
    haze *= strong * (1 + 0.55 * canvas.mottle(chest.rng, 0.022))
    chest.vessels *= 1.25 + 0.2 * finding.grade
    _fill_air(chest, np.clip(haze + 0.25 * canvas.strokes(lines), 0, 0.86))


def _fill_air(chest: Chest, share: Layer) -> None:
    """Takes away this share of the air."""
    chest.air *= 1 - share


def _ray(centre: Point, turn: float, start: float, end: float) -> list[Point]:
    cos, sin = math.cos(turn), math.sin(turn)
    return [(centre[0] + start * cos, centre[1] + start * sin), (centre[0] + end * cos, centre[1] + end * sin)]
