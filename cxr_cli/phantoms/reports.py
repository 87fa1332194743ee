"""Reports of drawn films, as a radiologist might write them: every finding that is there, and denials of others."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cxr_cli.findings.phrasing import capital
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.phantom_findings import PHANTOM_FINDINGS
from cxr_cli.rows.rng import Rng

_INDICATIONS = ("Cough.", "Shortness of breath.", "Chest pain.", "Preoperative.", "Follow-up.", "Fall.", "Weakness.")


def write_report(findings: Sequence[DrawnFinding], rng: Rng, *, compared: bool = False) -> str:
    """Mostly with the sections FINDINGS and IMPRESSION. compared: with a prior film, whose findings changed."""
    words = _wording()
    sentences = [_sentence(finding, rng) for finding in findings]
    denials = _denials({finding.name for finding in findings}, rng)
    body = " ".join([*sentences, *denials] if rng.below(3) else [*denials, *sentences])
    acute = [finding for finding in findings if finding.change != "resolved" and not _is_device(finding)]
    if acute:
        impression = _impression_list([_impression(finding, rng) for finding in rng.sample(acute, 3)], rng)
    elif findings:
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


def _sentence(finding: DrawnFinding, rng: Rng) -> str:
    words = _wording()
    own = words["finding"][finding.name].get("own")
    if own and finding.change is None and rng.below(2):
        return _fill_template(rng.choice(own), finding, rng)
    change = finding.change or "present"
    if change == "resolved" and _is_device(finding):
        change = "removed"
    return _fill_template(rng.choice(words["general"][change]), finding, rng)


def _impression(finding: DrawnFinding, rng: Rng) -> str:
    """A sentence for the impression, which states the change as the section FINDINGS does."""
    change = finding.change or "present"
    template = {"new": "New {noun}{place}.", "stable": "Unchanged {noun}{place}.", "present": "{Noun}{place}."}.get(
        change
    )
    return _fill_template(template or _wording()["general"][change][0], finding, rng)


def _fill_template(template: str, finding: DrawnFinding, rng: Rng) -> str:
    """ "There {is} {a}{noun}{place}." -> "There is a 14 mm nodule in the left upper lung zone." """
    entry: dict[str, Any] = _wording()["finding"][finding.name]
    words = _words(finding, entry)
    one, _, many = rng.choice(entry["nouns"]).partition("|")
    both = bool(many) and finding.side == "bilateral"
    noun = many if both else one
    if finding.change == "resolved" or "The {noun}" in template or "the {noun}" in template:
        # "The effusion has decreased": its size was that of the prior film.
        noun = noun.replace("{size} ", "").replace("{mm} mm ", "").replace("{cm} cm ", "")
    noun = noun.format(**words)
    plural = both or entry.get("many", False)
    article = "" if plural or entry.get("mass") else ("an " if noun[0] in "aeio" else "a ")
    new_article = "a " if article else ""
    text = template.format(
        **words,
        noun=noun,
        Noun=capital(noun),
        a=article,
        A=article.capitalize(),
        anew=new_article,
        Anew=new_article.capitalize(),
        place=rng.choice(entry.get("place", [""])).format(**words),
        **({"is": "are", "has": "have"} if plural else {"is": "is", "has": "has"}),
    )
    return capital(text)


def _words(finding: DrawnFinding, entry: dict[str, Any]) -> dict[str, str]:
    """{"size": "small", "side": "left", "zone": "upper", "mm": "14", ..}; what the finding lacks is ""."""
    sizes, side = entry.get("sizes"), finding.side or ""
    size = sizes[finding.grade] if sizes and finding.severity else ""
    return {
        "size": size,
        "Size": size.capitalize(),
        "side": side,
        "Side": side.capitalize(),
        "zone": finding.zone or "",
        "mm": str(finding.size or ""),
        "cm": f"{(finding.size or 0) / 10:g}",
        "base": "both lung bases" if side == "bilateral" else f"the {side} lung base",
    }


def _denials(present: set[str], rng: Rng) -> list[str]:
    """Sentences about findings that are absent; none is denied twice."""
    sentences: list[str] = []
    names = set(present)
    for normal in _wording()["normal"]:
        if not names & set(normal["denies"]) and rng.below(4):
            sentences.append(rng.choice(normal["text"]))
            names |= set(normal["denies"])
    return sentences


def _impression_list(items: Sequence[str], rng: Rng) -> str:
    if len(items) == 1 or rng.below(2):
        return " ".join(items)
    return " ".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def _is_device(finding: DrawnFinding) -> bool:
    return PHANTOM_FINDINGS[finding.name].device is not None


@cache
def _wording() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text("utf-8"))
