"""The label sets: which findings make a label, and by which rule. They are data: `label_sets.toml`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from cxr_cli.errors import CxrError
from cxr_cli.findings import Lexicon
from cxr_cli.registry import did_you_mean

LABEL_SETS_FILE = Path(__file__).with_name("label_sets.toml")

LabelNames = tuple[str, ...]


class WordRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mention of `finding` with one of `words` in its phrase makes `labels`."""

    finding: str
    words: LabelNames
    labels: LabelNames


class AlsoRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mention of `finding` that is present or uncertain adds `value` to `label`."""

    finding: str
    label: str
    value: Literal[-1, 0, 1]


class NoFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a film on which nothing is found. apart: labels that do not count; abnormal: findings that do."""

    label: str
    apart: LabelNames = ()
    abnormal: LabelNames = ()


class LabelSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set; the head of `label_sets.toml` explains the fields."""

    rule: Literal["mentions", "findings"] = "findings"
    labels: dict[str, LabelNames] = {}
    every: bool = False
    like: str = ""
    normal: dict[str, LabelNames] = {}
    words: tuple[WordRule, ...] = ()
    also: tuple[AlsoRule, ...] = ()
    no_finding: NoFinding | None = None


LABEL_SETS = msgspec.convert(tomllib.loads(LABEL_SETS_FILE.read_text()), dict[str, LabelSet])


def labels_of(name: str, lexicon: Lexicon) -> LabelSet:
    """The set of this name, with all its labels."""
    found = LABEL_SETS[name]
    if found.like:
        found = LABEL_SETS[found.like]
        found = msgspec.structs.replace(found, labels=dict(sorted(found.labels.items())))
    return of_findings([n for n, entry in lexicon.entries.items() if entry.answer]) if found.every else found


def of_findings(names: Sequence[str]) -> LabelSet:
    """A label for each of these findings of the lexicon."""
    return LabelSet(labels={name: (name,) for name in names})


def chosen_labels(text: str, labels: LabelSet, lexicon: Lexicon) -> list[str]:
    """The labels of a set that a user calls "edema,effusion"; "all" are all. CxrError: there is none of a name."""
    if text.strip().lower() == "all":
        return [*labels.labels]
    found = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        finding = lexicon.find(name)
        own = [label for label in labels.labels if label.lower() == name.lower()]
        own += [label for label, findings in labels.labels.items() if finding in findings]
        if not own:
            raise CxrError(f"--findings: `{name}` is no label of this set{did_you_mean(name.title(), labels.labels)}")
        found.append(own[0])
    if not found:
        raise CxrError("--findings: no label is named; `all` stands for all of the set")
    return list(dict.fromkeys(found))
