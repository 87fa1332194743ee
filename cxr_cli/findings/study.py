"""The status of each finding in a study: by its labels where it has them, else by its report, else by the policy on
findings that the report does not mention.

study = StudyFindings({"id": "s1", "report": "Small left effusion."}, reader)
study.status("pleural effusion"), study.status("edema")     # ("present", "absent")
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from cxr_cli.errors import RowError
from cxr_cli.findings.agreement import COURSE, COURSE_WORDS
from cxr_cli.findings.extraction import Reader
from cxr_cli.findings.finding import Finding, same_side
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.sections import has_findings
from cxr_cli.records import Status, Unmentioned

_STATUS: dict[float, Status] = {1: "present", 0: "absent", -1: "uncertain"}
_HEALTHY = frozenset({"no finding", "normal"})  # labels of the whole film: 1 is no abnormality


class StatedFinding(NamedTuple):
    """A finding, and the sentence of the report that states it: `report[start:end]`."""

    finding: Finding
    start: int
    end: int


class StudyFindings:
    """One study, read once; each question about a finding is then a look-up.

    study: a Study row; RowError when it has none of the keys `report`, `labels`, `changes`; an empty one is no error.
    unmentioned: "normal" takes a finding that the study does not mention as absent, "unknown" leaves it without a
    status. Without a findings section, the findings that its labels name without a value are those it does not mention.

    sentences: finding -> the sentences of the report that state it. changes: finding -> its course, by the study's
    `changes`. report: "" for none.
    """

    def __init__(self, study: Mapping[str, Any], reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.lexicon = reader.lexicon
        self.report = report = study.get("report") or ""
        labels = study.get("labels") or {}
        self.labels = _statuses(labels, self.lexicon)
        self.changes = _courses(study.get("changes") or {}, self.lexicon)
        if not study.keys() & {"report", "labels", "changes"}:
            raise RowError("", "no report and no labels (if the report has another name: --map report=COLUMN)")
        self.sentences: dict[str, list[StatedFinding]] = {}
        self._topics: set[str] = set()  # what the report only asks about or supposes: "should pneumonia develop, ..."
        for statement in reader.statements(report):
            self._topics.update(finding.name for finding in statement.topic)
            for finding in statement.findings:
                sentence = StatedFinding(finding, statement.start, statement.end)
                self.sentences.setdefault(finding.name, []).append(sentence)
        self._unmentioned: Status | None = "absent" if unmentioned == "normal" else None
        self.silent = bool(report.strip()) and not has_findings(report)
        """Has it a report in which no text was found that could state findings?"""
        states = bool(report.strip()) and not self.silent
        self._label_names = None if states else {n for n in map(self.lexicon.find, labels) if n}
        self._own = {name: _status(sentences) for name, sentences in self.sentences.items()} | self.labels
        self._present = self._spread("present", self.lexicon.broader)
        self._uncertain = self._spread("uncertain", self.lexicon.broader)
        self._denials = {
            name
            for name, sentences in self.sentences.items()
            if self._own[name] == "absent" and _on_both_sides(sentences)
        }
        self._absent = self._spread("absent", self.lexicon.narrower)

    @property
    def names(self) -> list[str]:
        """The findings that the labels or the report mention."""
        return list(self._own)

    def status(self, name: str) -> Status | None:
        """Present if it or a narrower finding is; else what the study says of it; else what it says of broader ones.

        "The left lung is clear" denies a finding on one side only, which gives the whole no status. Nor does a
        question or a supposition alone, whatever the policy on findings that are not mentioned.
        """
        if name in self.labels:
            return self.labels[name]
        if name in self._present:
            return "present"
        if self._own.get(name) == "uncertain":
            return "uncertain"
        if name not in self._own and name in self._uncertain:
            return "uncertain"
        if name in self._absent or not self._absent.isdisjoint(self.lexicon.entries[name].absent_when):
            return "absent"
        if name in self._topics and name not in self._own:
            return None
        return self._unmentioned if self._label_names is None or name in self._label_names else None

    def evidence(self, name: str) -> list[StatedFinding]:
        """The sentences that decide `status(name)`, in the report's order: its own, else those of related findings."""
        status = self.status(name)
        own = [s for s in self.sentences.get(name, ()) if s.finding.status == status]
        if own or status is None:
            return own
        lexicon = self.lexicon
        broader = {*lexicon.broader(name), *lexicon.entries[name].absent_when} & self._denials
        names = broader if status == "absent" else lexicon.narrower(name) & self.sentences.keys()
        sentences = [s for other in names for s in self.sentences[other] if s.finding.status == status]
        return sorted(sentences, key=lambda s: (s.start, s.finding.start, s.finding.name))

    def course_evidence(self, name: str) -> list[StatedFinding]:
        """The sentences that say how this very finding has changed: one that is present, or that has resolved.

        Of a finding whose course the study's `changes` give, the sentences that say the same.
        """
        status, course = self.status(name), self.changes.get(name)
        return [
            sentence
            for sentence in self.sentences.get(name, ())
            if (change := sentence.finding.change)
            and sentence.finding.status == status
            and (status == "present" or change == "resolved")
            and course in (None, COURSE[change])
        ]

    def contested(self, name: str) -> bool:
        """Is it denied outright, and yet present: "the lungs are clear", and a band of atelectasis?"""
        if name not in self._present or name in self.labels:
            return False
        sentences = self.sentences.get(name, ())
        return any(s.finding[1:4] == ("absent", None, None) and not s.finding.change for s in sentences)

    @cached_property
    def ruled_out(self) -> frozenset[str]:
        """What is surely absent: absent, and neither a kind of what is present or possible, nor an unmentioned kind of
        what a mentioned finding is a kind of."""
        entries, narrower = self.lexicon.entries, self.lexicon.narrower
        mentions = {name for name, status in self._own.items() if status != "absent"}
        mentions |= {name for name, own in self.sentences.items() if any(s.finding.status != "absent" for s in own)}
        kinds = {kind for name in mentions for kind in entries[name].is_a} - {"abnormality"}
        candidates = entries if self._label_names is None else self._label_names
        unmentioned = frozenset(candidates if self._unmentioned else ()).difference(*map(narrower, kinds))
        return (self._absent | unmentioned).difference(
            self._present, self._uncertain, self._topics - self._own.keys(), *map(narrower, mentions)
        )

    def _spread(self, status: Status, relatives: Callable[[str], frozenset[str]]) -> frozenset[str]:
        names = [name for name, own in self._own.items() if own == status]
        if status == "absent":
            names = [name for name in names if name in self.labels or name in self._denials]
        return frozenset[str]().union(*map(relatives, names))


def _statuses(labels: Mapping[str, float | None], lexicon: Lexicon) -> dict[str, Status]:
    """{"Pleural Effusion": 1, "Edema": None}  ->  {"pleural effusion": "present"}."""
    statuses = {}
    for label, value in labels.items():
        if value is None:
            continue
        if value not in _STATUS:
            raise RowError("", "field `labels`: a value that is none of 1, 0, -1 and null")
        if label.lower() in _HEALTHY:
            statuses["abnormality"] = _STATUS[1 - value if value >= 0 else value]
        elif name := lexicon.find(label):
            statuses[name] = _STATUS[value]
    return statuses


def _courses(changes: Mapping[str, str | None], lexicon: Lexicon) -> dict[str, str]:
    """{"Edema": "improving"}  ->  {"edema": "better"}."""
    words = {label: word.lower() for label, word in changes.items() if word is not None}
    if not COURSE_WORDS.keys() >= set(words.values()):
        raise RowError("", f"field `changes`: a value that is none of {', '.join(COURSE_WORDS)} and null")
    return {name: COURSE_WORDS[word] for label, word in words.items() if (name := lexicon.find(label))}


def _status(sentences: Sequence[StatedFinding]) -> Status:
    """Present before uncertain before absent, unless what is present elsewhere has resolved by now."""
    findings = [s.finding for s in sentences]
    if len(findings) == 1:
        return cast(Status, findings[0].status)
    resolved = [f for f in findings if f.change == "resolved"]
    current = {f.status for f in findings if f.status == "absent" or not any(same_side(f, r) for r in resolved)}
    return "present" if "present" in current else "uncertain" if "uncertain" in current else "absent"


def _on_both_sides(sentences: Sequence[StatedFinding]) -> bool:
    """Is it denied on both sides, and not in one zone alone?"""
    sides = {s.finding.side for s in sentences if s.finding.status == "absent" and not s.finding.zone}
    return None in sides or "bilateral" in sides or {"left", "right"} <= sides
