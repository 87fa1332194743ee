"""Sentences that state a finding, as someone would say them who looks at the image.

phrasing.observe(Finding("pleural effusion", "present", "left", severity="mild"), rng)
    ->  "There is a small left pleural effusion."

Read back, each sentence states the same finding.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

from cxr_cli.findings.finding import Finding
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.phrasing.nouns import PLURAL, SINGULAR, article, capital, nouns_of
from cxr_cli.rows.rng import Rng

SIZES = {"minimal": "tiny", "mild": "small", "moderate": "moderate", "severe": "large"}  # of what is countable
SIDES = {"left": " on the left", "right": " on the right", "bilateral": " on both sides"}
ZONES = {  # zone -> its place on one side, and on both or neither
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
WITH_ZONES = frozenset({"lung abnormality", "pleural abnormality"})
SIDE_FIRST = frozenset({"lung abnormality", "pleural abnormality", "hilar enlargement", "support device"})

PRESENT = (
    "There {is} {a}{at}.",
    "{A} {is} seen{at}.",
    "{A} {is} present{at}.",
    "I see {a}{at}.",
    "{A} {is} visible{at}.",
)
UNCERTAIN = ("There may be {a}{at}.", "{A} {is} possible{at}.", "There is possibly {a}{at}.", "I suspect {a}{at}.")
ABSENT = (
    "There {is} no {bare}{at}.",
    "No {bare} {is} seen{at}.",
    "I see no {bare}{at}.",
    "No {bare} {is} visible{at}.",
)
CHANGED = {
    "stable": ("The {bare}{at} {is} unchanged.", "The {bare}{at} {is} stable."),
    "worse": ("The {bare}{at} {has} worsened.", "The {bare}{at} {has} increased."),
    "better": ("The {bare}{at} {has} improved.", "The {bare}{at} {has} decreased."),
    "resolved": ("The {bare}{at} {has} resolved.", "The {bare}{at} {is} no longer seen."),
}
REMOVED = ("The {bare}{at} {has} been removed.", "The {bare}{at} {is} no longer seen.")


class Phrasing:
    """Puts the findings of a lexicon into words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.nouns = nouns_of(lexicon)
        kinds = {name: lexicon.broader(name) for name in lexicon.entries}
        self._with_zone = {name for name in kinds if kinds[name] & WITH_ZONES}
        self._side_first = {
            name for name in kinds if kinds[name] & SIDE_FIRST and " of " not in self.nouns[name].singular
        }
        self._devices = lexicon.narrower("support device")
        self._fill = lru_cache(maxsize=65536)(self._fill)  # type: ignore[method-assign]
        self.words = cache(self.words)  # type: ignore[method-assign]

    def option(self, name: str) -> str:
        """ "Pleural effusion", as an option or an answer."""
        return capital(self.nouns[name].singular)

    def with_article(self, name: str) -> str:
        """ "a pleural effusion", "low lung volumes"."""
        return self.nouns[name].with_article

    def words(self, name: str) -> dict[str, str]:
        """What fills a template about a finding: {a}, {A}, {bare}, and the verbs {is} and {has} that go with it."""
        noun = self.nouns[name]
        return {"a": noun.with_article, "A": capital(noun.with_article), "bare": noun.singular, **noun.verbs}

    def observe(self, finding: Finding, rng: Rng, *, change: bool = False) -> str:
        """One sentence that states the finding. change: also what became of it since the film before."""
        course = finding.change if change else None
        choices: Sequence[str]
        if finding.status == "absent" and course != "resolved":
            choices = ABSENT
        elif course and course != "new" and finding.status != "uncertain":
            choices = REMOVED if course == "resolved" and finding.name in self._devices else CHANGED[course]
        else:
            choices = PRESENT if finding.status == "present" else UNCERTAIN
        absent = choices is ABSENT
        return self._fill(rng.choice(choices), finding.name, *finding[2:5], absent, course == "new")

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
        both = side == "bilateral" and noun.countable and not absent
        several = noun.always_plural or both
        place = zone if name in self._with_zone else None
        side_first = bool(side) and not absent and not place and name in self._side_first
        words = ["new"] if new else []
        if severity and not absent:
            words.append(SIZES[severity] if noun.countable else severity)
        words += [side] if side and side_first else []
        words.append(noun.plural if both else noun.singular)
        bare = " ".join(words)
        a = article(bare) if noun.countable and not several else bare
        at = "" if side_first else _place(side, place)
        return template.format(a=a, A=capital(a), bare=bare, at=at, **(PLURAL if several else SINGULAR))


def _place(side: str | None, zone: str | None) -> str:
    if not zone:
        return SIDES[side] if side else ""
    on_one_side, on_both = ZONES[zone]
    if side in ("left", "right"):
        return " " + on_one_side.format(side)
    return f" {on_both}{SIDES[side] if side else ''}"


@cache
def phrasing_of(lexicon: Lexicon) -> Phrasing:
    """The phrasing for `lexicon`, made once."""
    return Phrasing(lexicon)
