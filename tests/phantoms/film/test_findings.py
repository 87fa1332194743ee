"""Each finding that a phantom draws can be seen: large enough, on its side, the severer the more."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_cli.phantoms import PHANTOM_FINDINGS
from cxr_cli.phantoms.film.body import normal_body
from cxr_cli.phantoms.film.drawing import draw_film
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding

ONE_SIDED = [name for name, kind in PHANTOM_FINDINGS.items() if "left" in kind.sides]


def film(*findings: DrawnFinding, size: int = 128) -> np.ndarray:
    return draw_film(replace(normal_body(np.random.default_rng(1)), middle=0.5), findings, size, "digital", seed=1)


def strongest(name: str, side: str | None = None) -> DrawnFinding:
    kind = PHANTOM_FINDINGS[name]
    size = kind.sizes[1] if kind.sizes else None
    return DrawnFinding(name, side, kind.zones[1] if kind.zones else None, "moderate" if kind.grades else None, size)


@pytest.mark.parametrize("size", [112, 512])
@pytest.mark.parametrize("name", PHANTOM_FINDINGS)
def test_a_finding_can_be_seen(name: str, size: int) -> None:
    side = "left" if PHANTOM_FINDINGS[name].sides else None
    difference = np.abs(film(strongest(name, side), size=size) - film(size=size))
    assert (difference > 0.05).mean() > 0.0008
    assert difference.max() > 0.12


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", ONE_SIDED)
def test_a_finding_is_on_its_side(name: str, side: str) -> None:
    difference = np.abs(film(strongest(name, side)) - film())
    right, left = difference[:, :64].sum(), difference[:, 64:].sum()
    if name in ("pacemaker", "central line"):  # their ends are in the heart and the vena cava, whatever the side
        right, left = difference[:52, :44].sum(), difference[:52, 84:].sum()
    assert (left > 3 * right) == (side == "left")
    assert (right > 3 * left) == (side == "right")


@pytest.mark.parametrize("name", ["cardiomegaly", "pleural effusion", "pneumothorax", "edema", "scoliosis"])
def test_a_severer_finding_changes_more(name: str) -> None:
    side = "right" if PHANTOM_FINDINGS[name].sides else None
    grades = [film(DrawnFinding(name, side, severity=grade)) for grade in ("mild", "moderate", "severe")]
    seen = [float(np.abs(grade - film()).sum()) for grade in grades]
    assert seen[0] < seen[1] < seen[2]
