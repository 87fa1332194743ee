"""What is drawn, told as a radiologist might: every finding that is there, and some that are not."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cxr_cli.phantoms.film.devices import DEVICES
from cxr_cli.phantoms.film.drawn_finding import Shown
from cxr_cli.rows.rng import Rng

_INDICATIONS = ("Cough.", "Shortness of breath.", "Chest pain.", "Preoperative.", "Follow-up.", "Fall.", "Weakness.")


def report(shown: Sequence[Shown], rng: Rng, *, compared: bool = False) -> str:
    """FINDINGS and IMPRESSION, mostly. compared: there is a film before, and `change` tells what became of it."""
    words = _wording()
    there = [finding for finding in shown if finding.change != "resolved"]
    said = [_sentence(finding, rng) for finding in shown]
    denied = _denials({finding.name for finding in shown}, rng)
    body = " ".join([*said, *denied] if rng.below(3) else [*denied, *said])
    acute = [finding for finding in there if finding.name not in DEVICES]
    if acute:
        impression = _listed([_brief(finding, rng) for finding in rng.sample(acute, 3)], rng)
    elif shown:
        impression = words["impression"]["normal"][rng.below(3)]
    else:
        impression = rng.choice(words["impression"]["normal"])
    parts = [f"INDICATION: {rng.choice(_INDICATIONS)}"] if rng.below(2) else []
    if compared:
        parts.append("COMPARISON: Prior chest radiograph.")
    elif rng.below(3) == 0:
        parts.append("COMPARISON: None.")
    parts.append(f"FINDINGS: {body}" if parts or rng.below(4) else body)
    if rng.below(8):
        parts.append(f"IMPRESSION: {impression}")
    return " ".join(parts)


def _sentence(finding: Shown, rng: Rng) -> str:
    words = _wording()
    own = words["finding"][finding.name].get("own")
    if own and finding.change is None and rng.below(2):
        return _filled(rng.choice(own), finding, rng)
    change = finding.change or "present"
    if change == "resolved" and finding.name in DEVICES:
        change = "removed"
    return _filled(rng.choice(words["general"][change]), finding, rng)


def _brief(finding: Shown, rng: Rng) -> str:
    """For the impression, which must not say less of the change than the findings do."""
    change = finding.change or "present"
    form = {"new": "New {noun}{place}.", "stable": "Unchanged {noun}{place}.", "present": "{Noun}{place}."}.get(change)
    return _filled(form or _wording()["general"][change][0], finding, rng)


def _filled(template: str, finding: Shown, rng: Rng) -> str:
    entry: dict[str, Any] = _wording()["finding"][finding.name]
    sizes = entry.get("sizes")
    brief = finding.change == "resolved" or ("The {noun}" in template) or "the {noun}" in template
    size = sizes[finding.grade] if sizes and finding.severity else ""
    side = finding.side or ""
    names = {
        "size": size,
        "Size": size.capitalize(),
        "side": side,
        "Side": side.capitalize(),
        "zone": finding.zone or "",
        "mm": str(finding.size or ""),
        "cm": f"{(finding.size or 0) / 10:g}",
        "base": "both lung bases" if side == "bilateral" else f"the {side} lung base",
    }
    noun = rng.choice(entry["nouns"])
    one, _, many = noun.partition("|")
    both = bool(many) and side == "bilateral"
    noun = many if both else one
    if brief:  # "the effusion has decreased": how large it was is told of the film before
        noun = noun.replace("{size} ", "").replace("{mm} mm ", "").replace("{cm} cm ", "")
    noun = noun.format(**names)
    plural = both or entry.get("many", False)
    article = "" if plural or entry.get("mass") else ("an " if noun[0] in "aeio" else "a ")
    new = "" if not article else "a "
    place = rng.choice(entry.get("place", [""])).format(**names)
    text = template.format(
        **names,
        noun=noun,
        Noun=_capital(noun),
        a=article,
        A=article.capitalize(),
        anew=new,
        Anew=new.capitalize(),
        place=place,
        **({"is": "are", "has": "have"} if plural else {"is": "is", "has": "has"}),
    )
    return _capital(text)


def _denials(shown: set[str], rng: Rng) -> list[str]:
    """Sentences about what is not there; nothing is denied twice."""
    said: list[str] = []
    done: set[str] = set(shown)
    for normal in _wording()["normal"]:
        if not done & set(normal["denies"]) and rng.below(4):
            said.append(rng.choice(normal["text"]))
            done |= set(normal["denies"])
    return said


def _listed(items: Sequence[str], rng: Rng) -> str:
    if len(items) == 1 or rng.below(2):
        return " ".join(items)
    return " ".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@cache
def _wording() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text())
