"""Which findings a film shows, where and how large, and what became of them since the film before."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from cxr_cli.phantoms.film.drawn_finding import GRADES, Shown
from cxr_cli.rows.rng import Rng

_ONE = ("left", "right")
_BOTH = (*_ONE, "bilateral")
_ZONES = ("upper", "mid", "lower")


class Kind(NamedTuple):
    """What a finding can be. sizes: mm, from and to.

    course: between two films it may come and go, come and stay, or be there always.
    """

    sides: Sequence[str] = ()
    zones: Sequence[str] = ()
    grades: Sequence[str] = ()
    sizes: tuple[int, int] | None = None
    course: Literal["goes", "stays", "always"] = "goes"


KINDS = {
    "cardiomegaly": Kind(grades=GRADES),
    "pleural effusion": Kind(sides=_BOTH, grades=GRADES),
    "pneumothorax": Kind(sides=_ONE, grades=GRADES),
    "consolidation": Kind(sides=_ONE, zones=_ZONES),
    "atelectasis": Kind(sides=_BOTH, grades=GRADES[:2]),
    "nodule": Kind(sides=_ONE, zones=_ZONES, sizes=(12, 26), course="stays"),
    "mass": Kind(sides=_ONE, zones=_ZONES, sizes=(40, 70), course="stays"),
    "edema": Kind(grades=GRADES),
    "hyperinflation": Kind(course="always"),
    "elevated diaphragm": Kind(sides=_ONE),
    "scoliosis": Kind(grades=GRADES, course="always"),
    "fracture": Kind(sides=_ONE, course="stays"),
    "pacemaker": Kind(sides=_ONE),
    "endotracheal tube": Kind(),
    "central line": Kind(sides=_ONE),
    "chest tube": Kind(sides=_ONE),
    "enteric tube": Kind(),
    "sternotomy": Kind(course="stays"),
}
FINDINGS = tuple(KINDS)


class Scene(NamedTuple):
    """now: with changes where there is a film before, resolved ones included. before: that film's, or None."""

    now: list[Shown]
    before: list[Shown] | None


def scene(rng: Rng, names: Sequence[str], *, follow_up: bool) -> Scene:
    """The findings `names` with all that is open about them drawn; one that finds no room is left out.

    A follow-up film may also tell of a finding that has gone.
    """
    now: list[Shown] = []
    before: list[Shown] = []
    taken: set[tuple[str, str]] = set()
    gone = [name for name in FINDINGS if name not in names and KINDS[name].course == "goes"]
    extra = rng.sample(gone, 1) if follow_up and rng.below(2) else []
    for name in (*names, *extra):
        for _ in range(4):
            shown = _shown(rng, name)
            then = _before(rng, shown, name in extra) if follow_up else None
            if then is not None:
                shown = shown._replace(change=then[0])
            claims = _claims(shown) | (_claims(then[1]) if then and then[1] else set())
            if not claims & taken:
                taken |= claims
                now.append(shown)
                before += [then[1]] if then and then[1] else []
                break
    return Scene(now, before if follow_up else None)


def chosen(rng: Rng, names: Sequence[str], prevalence: float, each: float | None) -> list[str]:
    """The findings of one film. prevalence: the chance of one to four of them. each: every one's chance instead."""
    if each is not None:
        return [name for name in rng.sample(names, len(names)) if chance(rng, each)]
    return rng.sample(names, 1 + rng.below(4)) if chance(rng, prevalence) else []


def chance(rng: Rng, share: float) -> bool:
    """True in that share of draws."""
    return rng.below(1_000_000) < share * 1_000_000


def _shown(rng: Rng, name: str) -> Shown:
    kind = KINDS[name]
    return Shown(
        name,
        side=rng.choice(kind.sides) if kind.sides else None,
        zone=rng.choice(kind.zones) if kind.zones else None,
        severity=rng.choice(kind.grades) if kind.grades else None,
        size=kind.sizes[0] + rng.below(kind.sizes[1] - kind.sizes[0]) if kind.sizes else None,
        spots=(_share(rng), _share(rng), _share(rng), _share(rng)),
    )


def _before(rng: Rng, shown: Shown, gone: bool) -> tuple[str, Shown | None]:
    """What became of it, and what it was on the film before."""
    if gone:
        return "resolved", shown
    kind = KINDS[shown.name]
    earlier: dict[str, Shown | None] = {"stable": shown}
    if kind.course != "always":
        earlier["new"] = None
        rank = shown.grade
        if kind.grades and rank > 0:
            earlier["worse"] = shown._replace(severity=kind.grades[rank - 1])
        if kind.grades and rank + 1 < len(kind.grades):
            earlier["better"] = shown._replace(severity=kind.grades[rank + 1])
    change = rng.choice(list(earlier))
    return change, earlier[change]


def _claims(shown: Shown) -> set[tuple[str, str]]:
    """The parts of the film that it needs for itself, so that each finding stays visible."""
    match shown.name:
        case "pleural effusion":
            parts = _ZONES[2 - shown.grade :]
        case "pneumothorax":
            parts = _ZONES[: shown.grade + 1]
        case "atelectasis" | "elevated diaphragm":
            parts = ("lower",)
        case _:
            parts = (shown.zone,) if shown.zone else ()
    claims: set[tuple[str, str]] = {(hand, part) for hand in shown.hands for part in parts}
    match shown.name:
        case "hyperinflation":
            claims |= {("whole", "diaphragm"), ("whole", "heart")}
        case "elevated diaphragm":
            claims.add(("whole", "diaphragm"))
        case "cardiomegaly":
            claims |= {("whole", "heart")} | ({("left", "lower")} if shown.grade == 2 else set())
        case "edema" | "nodule":
            claims.add(("whole", "detail"))
    return claims


def _share(rng: Rng) -> float:
    return rng.below(1000) / 1000
