"""Which findings a film shows, where and how large, and how they have changed since the prior film."""

from collections.abc import Sequence
from typing import NamedTuple

from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.phantom_findings import LUNG_ZONES, PHANTOM_FINDINGS
from cxr_cli.rows.rng import Rng


class Scene(NamedTuple):
    """findings: of the film; if there is a prior film with their changes, resolved ones included. prior_findings: of
    the prior film, None if there is none."""

    findings: list[DrawnFinding]
    prior_findings: list[DrawnFinding] | None


def scene(rng: Rng, names: Sequence[str], *, follow_up: bool) -> Scene:
    """The findings `names`, their sides, sizes and so on drawn at random; one that finds no room is left out.

    A follow-up film may also have a finding that has resolved.
    """
    findings: list[DrawnFinding] = []
    prior_findings: list[DrawnFinding] = []
    places: set[tuple[str, str]] = set()
    absent = [name for name, kind in PHANTOM_FINDINGS.items() if name not in names and kind.course == "goes"]
    resolved = rng.sample(absent, 1) if follow_up and rng.below(2) else []
    for name in (*names, *resolved):
        for _ in range(4):
            finding, prior = _sample_finding(rng, name), None
            if follow_up:
                change, prior = _sample_change(rng, finding, name in resolved)
                finding = finding._replace(change=change)
            claims = _claims(finding) | (_claims(prior) if prior else set())
            if not claims & places:
                places |= claims
                findings.append(finding)
                prior_findings += [prior] if prior else []
                break
    return Scene(findings, prior_findings if follow_up else None)


def choose_names(rng: Rng, names: Sequence[str], prevalence: float, each: float | None) -> list[str]:
    """The findings of a film. prevalence: the chance of one to four of them. each: the chance of every one instead."""
    if each is not None:
        return [name for name in rng.sample(names, len(names)) if chance(rng, each)]
    return rng.sample(names, 1 + rng.below(4)) if chance(rng, prevalence) else []


def chance(rng: Rng, share: float) -> bool:
    """True in this share of draws."""
    return rng.below(1_000_000) < share * 1_000_000


def _sample_finding(rng: Rng, name: str) -> DrawnFinding:
    kind = PHANTOM_FINDINGS[name]
    return DrawnFinding(
        name,
        side=rng.choice(kind.sides) if kind.sides else None,
        zone=rng.choice(kind.zones) if kind.zones else None,
        severity=rng.choice(kind.grades) if kind.grades else None,
        size=kind.sizes[0] + rng.below(kind.sizes[1] - kind.sizes[0]) if kind.sizes else None,
        spots=(_share(rng), _share(rng), _share(rng), _share(rng)),
    )


def _sample_change(rng: Rng, finding: DrawnFinding, resolved: bool) -> tuple[str, DrawnFinding | None]:
    """How the finding has changed, and the finding on the prior film, None if it was not there."""
    if resolved:
        return "resolved", finding
    kind = PHANTOM_FINDINGS[finding.name]
    priors: dict[str, DrawnFinding | None] = {"stable": finding}
    if kind.course != "always":
        priors["new"] = None
        rank = finding.grade
        if kind.grades and rank > 0:
            priors["worse"] = finding._replace(severity=kind.grades[rank - 1])
        if kind.grades and rank + 1 < len(kind.grades):
            priors["better"] = finding._replace(severity=kind.grades[rank + 1])
    change = rng.choice(list(priors))
    return change, priors[change]


def _claims(finding: DrawnFinding) -> set[tuple[str, str]]:
    """The parts of the film that this finding needs for itself, so that each finding stays visible."""
    match finding.name:
        case "pleural effusion":
            parts = LUNG_ZONES[2 - finding.grade :]
        case "pneumothorax":
            parts = LUNG_ZONES[: finding.grade + 1]
        case "atelectasis" | "elevated diaphragm":
            parts = ("lower",)
        case _:
            parts = (finding.zone,) if finding.zone else ()
    claims: set[tuple[str, str]] = {(side, part) for side in finding.sides for part in parts}
    match finding.name:
        case "hyperinflation":
            claims |= {("whole", "diaphragm"), ("whole", "heart")}
        case "elevated diaphragm":
            claims.add(("whole", "diaphragm"))
        case "cardiomegaly":
            claims |= {("whole", "heart")} | ({("left", "lower")} if finding.grade == 2 else set())
        case "edema" | "nodule":
            claims.add(("whole", "detail"))
    return claims


def _share(rng: Rng) -> float:
    return rng.below(1000) / 1000
