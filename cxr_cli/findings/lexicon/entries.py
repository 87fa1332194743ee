"""The form of a lexicon file; the head of `lexicon.toml` explains the fields."""

import msgspec

from cxr_cli.findings.lexicon.error_weights import ErrorWeights, Significance

Terms = dict[str, tuple[str, ...]]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finding of the lexicon. See the head of `lexicon.toml` for the meaning of each field."""

    name: str
    aka: tuple[str, ...] = ()
    is_a: tuple[str, ...] = ()
    absent_when: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    weight: float = 1.0
    significance: Significance = "not_actionable"
    terms: tuple[str, ...] = ()
    when: dict[str, tuple[str, ...]] = {}
    look: str = ""
    signs: tuple[str, ...] = ()
    say: str = ""
    answer: bool = True
    only_absent: bool = False
    seldom_denied: bool = False
    midline: bool = False


class AnatomyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terms: tuple[str, ...] = ()
    rules_out: Terms = {}


class QualityTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    good: Terms = {}
    bad: Terms = {}


class Shorthand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a short word stands for. after: only right after one of these words; () anywhere."""

    means: str
    after: tuple[str, ...] = ()


class OtherTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terms: tuple[str, ...] = ()


class LexiconFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of a lexicon file."""

    finding: tuple[Entry, ...] = ()
    anatomy: dict[str, AnatomyEntry] = {}
    quality: QualityTerms = QualityTerms()
    side: Terms = {}
    zone: Terms = {}
    severity: Terms = {}
    change: Terms = {}
    cue: Terms = {}
    shorthand: dict[str, str | Shorthand] = {}
    compare: OtherTerms = OtherTerms()
    skip: OtherTerms = OtherTerms()
    errors: ErrorWeights = ErrorWeights()
