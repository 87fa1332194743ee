"""Do two open answers mean the same: "RUL" and "right upper lobe", "three nodules" and "3", "AP" and "anteroposterior"?

The engine of findings reads what is found, on which side and in which zone; numbers, lengths, views and the like are
read here.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from cxr_cli.answers.options.names import PhraseSearch
from cxr_cli.answers.wording.cleaning import clean, plain
from cxr_cli.answers.wording.synonyms import MEANING
from cxr_cli.findings import reader
from cxr_cli.findings.lexicon import expand
from cxr_cli.findings.sections.text_cache import cached_by_text

_VIEWS = {
    "ap": r"a\W?p\b|antero\W?posterior",
    "pa": r"p\W?a\b|postero\W?anterior",
    "lateral": r"lateral(?= view| film| projection| radiograph|$)",
    "lateral decubitus": r"(?:lateral )?decubitus",
    "supine": r"supine|lying",
    "upright": r"upright|erect|standing",
}
_MODALITIES = {
    "x-ray": r"x\W?rays?|cxr|radiographs?|radiography|plain film|roentgenogram",
    "ct": r"ct|cat scan|computed tomography|computerised tomography|computerized tomography",
    "mri": r"mri?|magnetic resonance(?: imaging)?",
    "ultrasound": r"ultrasound|ultrasonography|sonography|us",
}
_SEXES = {"male": r"\Am\Z|males?|man|boy", "female": r"\Af\Z|females?|woman|girl"}
_NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_SINGLE, _PAIR = r"(?:an? )?single|once", r"(?:a )?(?:pair|couple) of|twice"
_FACT_KINDS = {
    **{f"view:{view}": words for view, words in _VIEWS.items()},
    **{f"modality:{name}": words for name, words in _MODALITIES.items()},
    **{f"sex:{name}": words for name, words in _SEXES.items()},
    **{f"number:{n}": f"{word}|{n}(?:\\.0)?" for n, word in enumerate(_NUMBER_WORDS)},
}
_FACT_KINDS["number:1"] += f"|{_SINGLE}"
_FACT_KINDS["number:2"] += f"|{_PAIR}"
_FACT_PATTERNS = [(name, re.compile(rf"(?<![\w.])(?:{words})(?!\w|\.\d)")) for name, words in _FACT_KINDS.items()]
_NUMBER_NEXT = rf"\W++(?=\d|(?:{'|'.join(_NUMBER_WORDS)})\b)"
_NUMBER_BOUNDS = {  # "more than two" is not 2
    "above": re.compile(rf"\b(?:(?:more|greater) than|over|above){_NUMBER_NEXT}"),
    "from": re.compile(rf"\bat least{_NUMBER_NEXT}"),
    "below": re.compile(rf"\b(?:(?:fewer|less) than|under|below){_NUMBER_NEXT}"),
    "to": re.compile(rf"\b(?:at most|up to){_NUMBER_NEXT}"),
}
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")
_LENGTH_TEXT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?(mm|cm|millimet\w+|centimet\w+)\b", re.I)
_CONCLUSION_HEAD = re.compile(
    r"\b(?:conclusions?|impression|in summary|overall|findings\b[^.\n]{0,50}\b(?:include|are|is|summarized))\b[\s:*]*",
    re.I,
)
_GENERIC = set(
    """
    a an the is are was were be it its this that there of in on at to and or with for by from i see seen shows
    show shown present visible image film view projection x ray xray radiograph chest study answer patient lung lobe
    zone side region area sided finding findings most likely taken used imaging scan modality about approximately
    """.split()  # noqa: SIM905
)


class Meaning(NamedTuple):
    """What a text says, as far as it is known. facts: view, modality, sex, numbers, side and zone, by kind. findings:
    (name, status). words: its words that are not generic."""

    facts: frozenset[tuple[str, str]]
    findings: frozenset[tuple[str, str]]
    words: frozenset[str]

    def of_kind(self, kind: str) -> set[str]:
        return {value for name, value in self.facts if name == kind}


@cache
def _places() -> tuple[PhraseSearch, dict[str, tuple[str, str]]]:
    """The phrases of sides and zones of the lexicon."""
    data = reader().lexicon.data
    phrases = {
        phrase: (kind, value)
        for kind in ("side", "zone")
        for value, terms in data[kind].items()
        for term in terms
        for phrase in expand(term)
        if re.fullmatch(r"[a-z ]+", phrase)
    }
    return PhraseSearch(phrases), phrases


_LOBES = {"rul": "right upper", "rml": "right middle", "rll": "right lower", "lul": "left upper", "lll": "left lower"}
_LOBE = re.compile(rf"\b(?:{'|'.join(_LOBES)})\b")


@cached_by_text(4096)
def meaning_of(text: str) -> Meaning:
    """What a short text says."""
    lower = _LOBE.sub(lambda match: f"{_LOBES[match[0]]} lobe", text.lower().strip(" .\n"))
    facts = {tuple(name.split(":")) for name, pattern in _FACT_PATTERNS if pattern.search(lower)}
    facts |= {("number", f"{float(number):g}") for number in _FIGURE.findall(lower)}
    if bound := next((name for name, pattern in _NUMBER_BOUNDS.items() if pattern.search(lower)), None):
        facts = {(kind, f"{bound} {value}" if kind == "number" else value) for kind, value in facts}
    search, places = _places()
    facts |= {places[phrase] for _, _, phrase in search.find(lower)}
    findings = reader().read(text)
    facts |= {(kind, value) for f in findings for kind, value in (("side", f.side), ("zone", f.zone)) if value}
    if {("side", "left"), ("side", "right")} <= facts:
        facts = {fact for fact in facts if fact[0] != "side"} | {("side", "bilateral")}
    words = frozenset(plain(lower).split()) - _GENERIC
    return Meaning(
        frozenset((kind, value) for kind, value in facts), frozenset((f.name, f.status) for f in findings), words
    )


def same_meaning(answer: str, right: str) -> bool | None:
    """Does an answer say what the right one says? None: it cannot be known from what the two have in common.

    What the right answer says of findings, side, zone, number or view must be said, and nothing else of that kind; more
    words do no harm: "large pleural effusion" is right where "pleural effusion" is.
    """
    if plain(answer) in (plain(right), plain(clean(right))):
        return True
    if _LENGTH_TEXT.search(answer) and _LENGTH_TEXT.search(right):
        answer, right = _in_millimetres(answer), _in_millimetres(right)
    word, right_word = MEANING.get(plain(answer)), MEANING.get(plain(right))
    if word and right_word:
        return word == right_word
    mine, theirs = meaning_of(answer), meaning_of(right)
    kinds = {kind for kind, _ in theirs.facts}
    if not kinds and not theirs.findings:
        return True if theirs.words and theirs.words == mine.words else None
    if any(mine.of_kind(kind) and mine.of_kind(kind) != theirs.of_kind(kind) for kind in kinds):
        return False
    if theirs.findings and mine.findings and not _findings_agree(mine.findings, theirs.findings):
        return False
    if any(not mine.of_kind(kind) for kind in kinds) or (theirs.findings and not mine.findings):
        return False if mine.facts or mine.findings else None
    return True


def _in_millimetres(text: str) -> str:
    def word(length: re.Match[str]) -> str:
        return f"{float(length[1]) * (10 if length[2][0] in 'cC' else 1):g} mm"

    return _LENGTH_TEXT.sub(word, text)


def concluded_findings(text: str) -> list[str] | None:
    """The findings that prose concludes, "right pleural effusion"; [] if it concludes that there are none, None if it
    says nothing of findings. The conclusion begins at its last cue, else with the last paragraph."""
    cues = [match.end() for match in _CONCLUSION_HEAD.finditer(text)]
    end = text[cues[-1] :] if cues else text.strip().rpartition("\n\n")[2]
    findings = reader().read(end)
    present = [" ".join(filter(None, (f.side, f.name))) for f in findings if f.status == "present"]
    return list(dict.fromkeys(present)) if findings else None


def _findings_agree(answer: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> bool:
    """Is each right finding given, or a kind of it, and no other finding called present?"""
    lexicon = reader().lexicon

    def fits(one: tuple[str, str], other: tuple[str, str]) -> bool:
        return one[1] == other[1] and one[0] in (
            lexicon.broader(other[0]) if one[1] == "absent" else lexicon.narrower(other[0])
        )

    all_right = all(any(fits(one, other) for one in answer) for other in right)
    more = any(status != "absent" and not any(fits((name, status), r) for r in right) for name, status in answer)
    return all_right and not more


def items_in_common(answer: Sequence[str], right: Sequence[str]) -> int:
    """How many of the right items are given, each by an item of its own."""
    rest = list(dict.fromkeys(answer))
    common = 0
    for item in right:
        match = next((other for other in rest if plain(other) == plain(item)), None)
        match = match or next((other for other in rest if same_meaning(other, item)), None)
        if match is not None:
            rest.remove(match)
            common += 1
    return common
