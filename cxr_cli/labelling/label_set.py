"""The label sets: which findings make a label, and by which rule. Ours are data: `label_sets.toml`."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from cxr_cli.findings import Lexicon
from cxr_cli.findings.name_lists import parse_names
from cxr_cli.registry import Registry
from cxr_cli.suggestions import did_you_mean


class WordRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mention of `finding` with one of `words` in its phrase makes `labels`."""

    finding: str
    words: tuple[str, ...]
    labels: tuple[str, ...]


class AlsoRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mention of `finding` that is present or uncertain adds `value` to `label`."""

    finding: str
    label: str
    value: Literal[-1, 0, 1]


class NoFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a film on which nothing is found. apart: labels that do not count; abnormal: findings that do."""

    label: str
    apart: tuple[str, ...] = ()
    abnormal: tuple[str, ...] = ()


class LabelSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set; the head of `label_sets.toml` explains the fields."""

    rule: Literal["mentions", "findings"] = "findings"
    labels: dict[str, tuple[str, ...]] = {}
    every: bool = False
    like: str = ""
    normal: dict[str, tuple[str, ...]] = {}
    words: tuple[WordRule, ...] = ()
    also: tuple[AlsoRule, ...] = ()
    no_finding: NoFinding | None = None
    lexicon: dict[str, Any] = {}


LABEL_SETS = Registry(  # name -> a LabelSet
    {
        "chexpert": "cxr_cli.labelling.packaged_sets:CHEXPERT",
        "mimic": "cxr_cli.labelling.packaged_sets:MIMIC",
        "openi": "cxr_cli.labelling.packaged_sets:OPENI",
        "vindr": "cxr_cli.labelling.packaged_sets:VINDR",
        "all": "cxr_cli.labelling.packaged_sets:ALL",
    }
)


def labels_of(name: str, lexicon: Lexicon) -> LabelSet:
    """The set of this name, with all its labels."""
    labels: LabelSet = LABEL_SETS.load(name)
    if labels.like:
        labels = LABEL_SETS.load(labels.like)
        labels = msgspec.structs.replace(labels, labels=dict(sorted(labels.labels.items())))
    return of_findings([n for n, entry in lexicon.entries.items() if entry.answer]) if labels.every else labels


def of_findings(names: Sequence[str]) -> LabelSet:
    """A label for each of these findings of the lexicon."""
    return LabelSet(labels={name: (name,) for name in names})


def parse_labels(text: str, labels: LabelSet, lexicon: Lexicon) -> list[str]:
    """The labels of a set that a user calls "edema,effusion"; "all" are all. CxrError: there is none of a name."""

    def find(name: str) -> str | None:
        finding = lexicon.find(name)
        same = (label for label in labels.labels if label.lower() == name.lower())
        return next(same, None) or next((label for label, names in labels.labels.items() if finding in names), None)

    def hint(name: str) -> str:
        return did_you_mean(name.title(), labels.labels)

    return parse_names(text, labels.labels, find, hint, thing="label", whole="this set")
