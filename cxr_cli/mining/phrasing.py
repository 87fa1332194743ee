"""Sentences about findings, as someone says them who looks at the image. Reading one back gives the same finding.

observe(Finding("pleural effusion", "present", "left", severity="mild"))  ->  "There is a small left pleural effusion."
"""

import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from cxr_cli.findings import Finding, Lexicon
from cxr_cli.findings.lexicon import plural_of
from cxr_cli.rows.rng import Draws

_SIZE = {"minimal": "tiny", "mild": "small", "moderate": "moderate", "severe": "large"}
_GRADE = {"minimal": "minimal", "mild": "mild", "moderate": "moderate", "severe": "severe"}
_SIDES = {"left": " on the left", "right": " on the right", "bilateral": " on both sides"}
_ZONES = {  # zone -> its place on one side, and on both or neither
    "upper": ("in the {} upper lung", "in the upper parts of the lungs"),
    "mid": ("in the {} mid lung", "in the mid parts of the lungs"),
    "lower": ("in the {} lower lung", "in the lower parts of the lungs"),
    "middle lobe": ("in the {} middle lobe", "in the middle lobe"),
    "lingula": ("in the {} lingula", "in the lingula"),
    "apical": ("at the {} lung apex", "at the lung apices"),
    "basal": ("at the {} lung base", "at the lung bases"),
    "perihilar": ("in the {} perihilar area", "in the perihilar areas"),
    "retrocardiac": ("behind the heart on the {}", "behind the heart"),
}
_WITH_ZONES = frozenset({"lung abnormality", "pleural abnormality"})
_SIDE_FIRST = frozenset({"lung abnormality", "pleural abnormality", "hilar enlargement", "support device"})

_PRESENT = (
    "There {is} {a}{at}.",
    "{A} {is} seen{at}.",
    "{A} {is} present{at}.",
    "I see {a}{at}.",
    "{A} {is} visible{at}.",
)
_UNCERTAIN = ("There may be {a}{at}.", "{A} {is} possible{at}.", "There is possibly {a}{at}.", "I suspect {a}{at}.")
_ABSENT = (
    "There {is} no {bare}{at}.",
    "No {bare} {is} seen{at}.",
    "I see no {bare}{at}.",
    "No {bare} {is} visible{at}.",
)
_CHANGED = {
    "stable": ("The {bare}{at} {is} unchanged.", "The {bare}{at} {is} stable."),
    "worse": ("The {bare}{at} {has} worsened.", "The {bare}{at} {has} increased."),
    "better": ("The {bare}{at} {has} improved.", "The {bare}{at} {has} decreased."),
    "resolved": ("The {bare}{at} {has} resolved.", "The {bare}{at} {is} no longer seen."),
}
_REMOVED = ("The {bare}{at} {has} been removed.", "The {bare}{at} {is} no longer seen.")


class Noun(NamedTuple):
    """What a finding is called. counted: one can be large or small, and there can be two of it."""

    one: str
    many: str
    counted: bool = False
    always_many: bool = False


class Phrases:
    """The nouns for the findings of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        own = {name: entry.say for name, entry in lexicon.entries.items() if entry.say}
        says = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text()) | own
        self.lexicon = lexicon
        self.nouns = {name: _noun(says.get(name, name)) for name in lexicon.entries}
        kin = {name: lexicon.broader(name) for name in lexicon.entries}
        self._zoned = {name for name in kin if kin[name] & _WITH_ZONES}
        self._side_first = {name for name in kin if kin[name] & _SIDE_FIRST and " of " not in self.nouns[name].one}
        self._devices = lexicon.narrower("support device")
        self._filled = lru_cache(maxsize=65536)(self._fill)
        self.words = cache(self._words)

    def bare(self, name: str) -> str:
        """ "pleural effusion"."""
        return self.nouns[name].one

    def option(self, name: str) -> str:
        """ "Pleural effusion", as an option or an answer."""
        return capital(self.bare(name))

    def a(self, name: str) -> str:
        """ "a pleural effusion", "low lung volumes"."""
        noun = self.nouns[name]
        return _article(noun.one) if noun.counted else noun.one

    def _words(self, name: str) -> dict[str, str]:
        """What fills a template about a finding: {a}, {A}, {bare}, and the verbs {is} and {has} that go with it."""
        a = self.a(name)
        return {"a": a, "A": capital(a), "bare": self.bare(name), **(_MANY if self.nouns[name].always_many else _ONE)}

    def observe(self, finding: Finding, draws: Draws, *, change: bool = False) -> str:
        """One sentence that states the finding. change: also what became of it since the film before."""
        course = finding.change if change else None
        choices: Sequence[str]
        if finding.status == "absent" and course != "resolved":
            choices = _ABSENT
        elif course and course != "new" and finding.status != "uncertain":
            choices = _REMOVED if course == "resolved" and finding.name in self._devices else _CHANGED[course]
        else:
            choices = _PRESENT if finding.status == "present" else _UNCERTAIN
        absent = choices is _ABSENT
        return self._filled(draws.choice(choices), finding.name, *finding[2:5], absent, course == "new")

    def _fill(
        self,
        template: str,
        name: str,
        side: str | None,
        zone: str | None,
        severity: str | None,
        absent: bool,
        new: bool,
    ) -> str:
        noun = self.nouns[name]
        both = side == "bilateral" and noun.counted and not absent
        several = noun.always_many or both
        where = zone if name in self._zoned else None
        first = bool(side) and not absent and not where and name in self._side_first
        words = ["new"] if new else []
        if severity and not absent:
            words.append((_SIZE if noun.counted else _GRADE)[severity])
        words += [side] if side and first else []
        words.append(noun.many if both else noun.one)
        bare = " ".join(words)
        a = _article(bare) if noun.counted and not several else bare
        at = "" if first else _place(side, where)
        return template.format(a=a, A=capital(a), bare=bare, at=at, **(_MANY if several else _ONE))


_ONE = {"is": "is", "has": "has"}
_MANY = {"is": "are", "has": "have"}


def _place(side: str | None, zone: str | None) -> str:
    if not zone:
        return _SIDES[side] if side else ""
    one, whole = _ZONES[zone]
    if side in ("left", "right"):
        return " " + one.format(side)
    return f" {whole}{_SIDES[side] if side else ''}"


def _noun(say: str) -> Noun:
    one, _, many = say.partition("|")
    article, _, rest = one.partition(" ")
    if article == "some":
        return Noun(rest, rest, always_many=True)
    if article in ("a", "an"):
        return Noun(rest, many or plural_of(rest), counted=True)
    return Noun(one, many or one)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]


@cache
def phrases(lexicon: Lexicon) -> Phrases:
    """The nouns for `lexicon`, made once."""
    return Phrases(lexicon)
