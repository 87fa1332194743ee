"""Reports -> labels, by one of two rules.

labeller = Labeller(reader(), labels_of("chexpert", Lexicon.load()))
labeller.labels("No edema. Small left effusion.")     # {.., "Edema": 0, .., "Pleural Effusion": 1, "Fracture": None ..}
"""

from collections.abc import Collection, Mapping, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from cxr_cli.findings import Reader
from cxr_cli.findings import reader as reader_of
from cxr_cli.findings.study import StudyFindings
from cxr_cli.labelling.label_set import LabelSet

Labels = dict[str, int | None]
_STATUS_VALUES = {"present": 1, "absent": 0, "uncertain": -1}
_STRENGTH = (1, -1, 0)


class _Votes(NamedTuple):
    """labels: label -> the values of its mentions. suspects: the findings that are present or uncertain.

    silent: does the report state nothing at all?
    """

    labels: dict[str, set[int]]
    suspects: Set[str]
    silent: bool


class Labeller:
    """Labels reports by one set. names: some of its labels, None for all.

    reader: one that reads as the set wants it, by its own words of doubt.
    """

    def __init__(self, reader: Reader, label_set: LabelSet, names: Sequence[str] | None = None) -> None:
        self.label_set = label_set
        self.reader = reader_of(reader.lexicon.extended(label_set.lexicon)) if label_set.lexicon else reader
        self.names = list(label_set.labels if names is None else names)
        self._votes = self._by_mentions if label_set.rule == "mentions" else self._by_status
        self._by_finding, self._normal_by_finding = _inverse(label_set.labels), _inverse(label_set.normal)
        self._is_normal = lru_cache(maxsize=16384)(self._is_normal)  # type: ignore[method-assign]

    def labels(self, report: str) -> Labels:
        """1, 0, -1 for each label that the report states, None for the others.

        Of several values of a label 1 beats -1 beats 0, as in the CheXpert labeler.
        """
        votes, suspects, silent = self._votes(report)
        labels: Labels = {name: _strongest(votes.get(name, ())) for name in self.names}
        rule = self.label_set.no_finding
        if rule and rule.label in labels:
            any_finding = any(values != {0} for label, values in votes.items() if label not in rule.apart)
            labels[rule.label] = None if silent or any_finding or not suspects.isdisjoint(rule.abnormal) else 1
        return labels

    def _by_mentions(self, report: str) -> _Votes:
        """Each mention is a vote."""
        votes: dict[str, set[int]] = {}
        suspects: set[str] = set()
        statements = self.reader.statements(report)
        for statement in statements:
            for name, status, *_, start, end in statement.findings:
                value, phrase = _STATUS_VALUES[status], report[start:end].lower()
                normal = value == 0 and self._is_normal(phrase)
                for label in self._normal_by_finding.get(name, ()) if normal else self._labels_of(name, phrase):
                    votes.setdefault(label, set()).add(value)
                if value:
                    suspects.add(name)
                    for also in self.label_set.also:
                        if also.finding == name:
                            votes.setdefault(also.label, set()).add(also.value)
        return _Votes(votes, suspects, silent=not any(statement.findings for statement in statements))

    def _by_status(self, report: str) -> _Votes:
        """The statuses of findings, as questions are asked about them."""
        study = StudyFindings({"report": report}, self.reader, "unknown")
        votes: dict[str, set[int]] = {}
        for label, names in self.label_set.labels.items():
            if values := {_STATUS_VALUES[status] for name in names if (status := study.status(name))}:
                votes[label] = values
        rule = self.label_set.no_finding
        doubtful = ("present", "uncertain")
        suspects = {name for name in (rule.abnormal if rule else ()) if study.status(name) in doubtful}
        return _Votes(votes, suspects, silent=not study.names)

    def _labels_of(self, name: str, phrase: str) -> Sequence[str]:
        for rule in self.label_set.words:
            if rule.finding == name and any(word in phrase for word in rule.words):
                return rule.labels
        return self._by_finding.get(name, ())

    def _is_normal(self, phrase: str) -> bool:
        """Is a finding denied by a normal statement, "the lungs are clear", and not by its own name?"""
        return any(kind == "good" for kind, *_ in self.reader.phrases(phrase))


def _inverse(labels: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Label -> findings, as finding -> labels."""
    by_finding: dict[str, list[str]] = {}
    for label, findings in labels.items():
        for finding in findings:
            by_finding.setdefault(finding, []).append(label)
    return by_finding


def _strongest(values: Collection[int]) -> int | None:
    return next((value for value in _STRENGTH if value in values), None)
