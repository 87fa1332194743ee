"""What a study says of each finding: its labels where it has them, else its report, else the policy on silence."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from cxr_cli.errors import RowError
from cxr_cli.findings import Finding, Lexicon, Reader
from cxr_cli.findings.agreement import SAID, Unmentioned, same_side
from cxr_cli.records import Status

_MEANING: dict[float, Status] = {1: "present", 0: "absent", -1: "uncertain"}
_HEALTHY = frozenset({"no finding", "normal"})  # labels of the whole film: 1 is no abnormality


class Told(NamedTuple):
    """A finding, and the sentence of the report that states it: `report[start:end]`."""

    finding: Finding
    start: int
    end: int


class StudyFindings:
    """One study, read once; each question about a finding is then a look-up.

    study: a Study row; RowError when it has none of the keys `report`, `labels`, `changes`; empty ones say nothing.
    unmentioned: "normal" takes a finding of which the study is silent as absent, "unknown" leaves it without a status.
    Without a report a study is silent only of what its labels name.
    """

    def __init__(self, study: Mapping[str, Any], reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.lexicon = reader.lexicon
        report = study.get("report") or ""
        given = study.get("labels") or {}
        self.labels = _meanings(given, self.lexicon)
        self.changes = _courses(study.get("changes") or {}, self.lexicon)
        if not study.keys() & {"report", "labels", "changes"}:
            raise RowError("", "no report and no labels (other names: --map report=COLUMN)")
        self.told: dict[str, list[Told]] = {}
        for statement in reader.statements(report):
            for finding in statement.findings:
                self.told.setdefault(finding.name, []).append(Told(finding, statement.start, statement.end))
        self._silence: Status | None = "absent" if unmentioned == "normal" else None
        self._covered = None if report.strip() else {n for n in map(self.lexicon.find, given) if n}
        self._direct = {name: _direct(told) for name, told in self.told.items()} | self.labels
        self._present = self._spread("present", self.lexicon.broader)
        self._uncertain = self._spread("uncertain", self.lexicon.broader)
        self._denied = {name for name, told in self.told.items() if self._direct[name] == "absent" and _whole(told)}
        self._absent = self._spread("absent", self.lexicon.narrower)

    @property
    def names(self) -> list[str]:
        """The findings of which the labels or the report speak."""
        return list(self._direct)

    def status(self, name: str) -> Status | None:
        """Present if it or a narrower finding is; else what is said of it; else what is said of broader ones.

        "The left lung is clear" denies a finding on one side only, and then of the whole nothing is said.
        """
        if name in self.labels:
            return self.labels[name]
        if name in self._present:
            return "present"
        if self._direct.get(name) == "uncertain":
            return "uncertain"
        if name not in self._direct and name in self._uncertain:
            return "uncertain"
        if name in self._absent or not self._absent.isdisjoint(self.lexicon.entries[name].absent_when):
            return "absent"
        return self._silence if self._covered is None or name in self._covered else None

    def statements(self, name: str) -> list[Told]:
        """The sentences that decide `status(name)`, in the report's order: its own, else those of its kin."""
        status = self.status(name)
        own = [told for told in self.told.get(name, ()) if told.finding.status == status]
        if own or status is None:
            return own
        lexicon = self.lexicon
        wider = {*lexicon.broader(name), *lexicon.entries[name].absent_when} & self._denied
        kin = wider if status == "absent" else lexicon.narrower(name) & self.told.keys()
        told = [told for other in kin for told in self.told[other] if told.finding.status == status]
        return sorted(told, key=lambda told: (told.start, told.finding.start, told.finding.name))

    def contested(self, name: str) -> bool:
        """Is it denied outright, and yet there: "the lungs are clear", and a band of atelectasis?"""
        return (
            name in self._present
            and name not in self.labels
            and any(t.finding[1:4] == ("absent", None, None) and not t.finding.change for t in self.told.get(name, ()))
        )

    @cached_property
    def ruled_out(self) -> frozenset[str]:
        """What is surely not there: absent, no kind of what is present or possible, nor passed over beside its like."""
        entries = self.lexicon.entries
        seen = {name for name, status in self._direct.items() if status != "absent"}
        seen |= {name for name, told in self.told.items() if any(t.finding.status != "absent" for t in told)}
        kinds = {kind for name in seen for kind in entries[name].is_a} - {"abnormality"}
        narrower = self.lexicon.narrower
        silent = entries if self._covered is None else self._covered
        passed = frozenset(silent if self._silence else ()).difference(*map(narrower, kinds))
        return (self._absent | passed).difference(self._present, self._uncertain, *map(narrower, seen))

    def _spread(self, status: Status, kin: Callable[[str], frozenset[str]]) -> frozenset[str]:
        names = [name for name, direct in self._direct.items() if direct == status]
        if status == "absent":
            names = [name for name in names if name in self.labels or name in self._denied]
        return frozenset[str]().union(*map(kin, names))


def _meanings(labels: Mapping[str, float | None], lexicon: Lexicon) -> dict[str, Status]:
    meanings = {}
    for label, value in labels.items():
        if value is None:
            continue
        if value not in _MEANING:
            raise RowError("", "field `labels`: a value that is none of 1, 0, -1 and null")
        if label.lower() in _HEALTHY:
            meanings["abnormality"] = _MEANING[1 - value if value >= 0 else value]
        elif name := lexicon.find(label):
            meanings[name] = _MEANING[value]
    return meanings


def _courses(changes: Mapping[str, str | None], lexicon: Lexicon) -> dict[str, str]:
    """{"Edema": "improving"}  ->  {"edema": "better"}."""
    said = {name: word.lower() for name, word in changes.items() if word is not None}
    if not SAID.keys() >= set(said.values()):
        raise RowError("", f"field `changes`: a value that is none of {', '.join(SAID)} and null")
    return {known: SAID[word] for name, word in said.items() if (known := lexicon.find(name))}


def _direct(told: Sequence[Told]) -> Status:
    """Present before uncertain before absent, unless what is present elsewhere has resolved by now."""
    findings = [t.finding for t in told]
    if len(findings) == 1:
        return cast(Status, findings[0].status)
    resolved = [f for f in findings if f.change == "resolved"]
    current = {f.status for f in findings if f.status == "absent" or not any(same_side(f, r) for r in resolved)}
    return "present" if "present" in current else "uncertain" if "uncertain" in current else "absent"


def _whole(told: Sequence[Told]) -> bool:
    """Is it denied on both sides, and not in one zone alone?"""
    sides = {t.finding.side for t in told if t.finding.status == "absent" and not t.finding.zone}
    return None in sides or "bilateral" in sides or {"left", "right"} <= sides
