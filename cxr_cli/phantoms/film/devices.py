"""Tubes, lines and implants: the strokes of each on the film."""

import numpy as np

from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.canvas import Strokes, curve
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding

CARINA = 0.37


def pacemaker(chest: Chest, finding: DrawnFinding) -> Strokes:
    """A generator under the clavicle, a lead to the right ventricle, and often one to the right atrium."""
    (side,), at, top = finding.sides, chest.at, chest.body.top
    can = [at(side, 0.225, top + 0.135), at(side, 0.272, top + 0.140)]
    path = [at(side, 0.24, top + 0.10), at(side, 0.17, top + 0.065), at(side, 0.07, top + 0.10)]
    path += [at("right", 0.030, 0.30), at("right", 0.042, 0.42), at("right", 0.050, 0.55)]
    chamber = [at("left", 0.02, 0.665), at("left", 0.115, 0.70)]
    strokes: Strokes = [(curve([*path, *chamber], 40), 0.0045, 0.85)]
    strokes.append((chamber[-1:] * 2, 0.011, 1.0))
    if finding.spots[0] < 0.6:
        strokes.append((curve([*path, at("right", 0.072, 0.60), at("right", 0.082, 0.565)], 40), 0.0045, 0.85))
    header = [at(side, 0.232, top + 0.108), at(side, 0.262, top + 0.110)]
    return [*strokes, (header, 0.024, 0.5), (can, 0.050, 0.95), (can, 0.038, 0.75)]


def endotracheal_tube(chest: Chest, finding: DrawnFinding) -> Strokes:
    x = chest.at("left", 0.003, 0.2)[0]
    tip = CARINA - 0.075 - 0.03 * finding.spots[0]
    return [
        ([(x, -0.02), (x, tip)], 0.021, 0.32),
        ([(x, -0.02), (x, tip - 0.004)], 0.013, 0.12),
        ([(x + 0.0075, -0.02), (x + 0.0075, tip)], 0.0042, 0.7),
    ]


def central_line(chest: Chest, finding: DrawnFinding) -> Strokes:
    """From the neck or from the arm to the superior vena cava."""
    (side,), at, top = finding.sides, chest.at, chest.body.top
    if finding.spots[0] < 0.5:
        start = [at(side, 0.085, -0.01), at(side, 0.068, 0.06), at(side, 0.050, top + 0.05)]
    else:
        start = [at(side, 0.47, 0.36), at(side, 0.42, 0.20), at(side, 0.30, top + 0.03), at(side, 0.15, top + 0.055)]
    end = [at("right", 0.032, 0.28), at("right", 0.042, 0.40 + 0.03 * finding.spots[1])]
    return [(curve([*start, *end], 40), 0.0055, 0.85)]


def chest_tube(chest: Chest, finding: DrawnFinding) -> Strokes:
    (side,), at, spots = finding.sides, chest.at, finding.spots
    path = [at(side, 0.47, 0.66), at(side, 0.36, 0.585 + 0.04 * spots[0]), at(side, 0.27, 0.46)]
    path += [at(side, 0.20, 0.32), at(side, 0.135, 0.225 + 0.03 * spots[1])]
    line = curve(path, 30)
    return [(line, 0.020, 0.42), (line, 0.013, 0.20), (line, 0.0045, 0.95)]


def enteric_tube(chest: Chest, finding: DrawnFinding) -> Strokes:
    at = chest.at
    path = [at("left", 0.006, -0.02), at("left", 0.010, 0.25), at("right", 0.004, 0.45), at("left", 0.012, 0.66)]
    path += [at("left", 0.045, 0.78), at("left", 0.115, 0.845), at("left", 0.165, 0.865 + 0.03 * finding.spots[0])]
    line = curve(path, 40)
    return [(line, 0.0070, 0.62), (line[-5:], 0.009, 0.8)]


def sternotomy(chest: Chest, finding: DrawnFinding) -> Strokes:
    strokes: Strokes = []
    for i in range(6):
        y = 0.255 + 0.072 * i
        x = chest.at("left", 0.004 * (finding.spots[i % 4] - 0.5), y)[0]
        turns = np.linspace(0.4, 2 * np.pi, 12)
        loop = [(x + 0.0125 * float(np.cos(t)), y + 0.0065 * float(np.sin(t))) for t in turns]
        strokes += [(loop, 0.0042, 1.0), ([loop[-1], (x + 0.017, y + 0.008)], 0.0042, 1.0)]
    return strokes
