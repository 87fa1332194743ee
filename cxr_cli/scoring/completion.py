"""One completion about one case, read once for all rewards."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from cxr_cli.answers.answer import answer_of
from cxr_cli.answers.grading import grade
from cxr_cli.answers.lists import list_items
from cxr_cli.answers.reply_format import parse_reply
from cxr_cli.answers.steps import as_steps
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.agreement import Known, Unmentioned
from cxr_cli.scoring.radrscore import covered, observations
from cxr_cli.verifying.faults import normal_form
from cxr_cli.verifying.verifier import answer_claims


class Truth(NamedTuple):
    """What is known of a case. known: the report's findings. reference: what a reasoning should come to.

    The reference are the observations of the reference steps; without steps those of the report about the findings
    that the case asks about, or all of them.
    """

    known: Known | None
    reference: list[Finding]
    from_steps: bool


def truth(case: Mapping[str, Any], reader: Reader, unmentioned: Unmentioned) -> Truth:
    """Of a case whose `report` may be None."""
    report = case.get("report") or ""
    told = reader.read(report) if report.strip() else []
    known = Known(told, reader.lexicon, unmentioned) if report.strip() else None
    steps = as_steps(case.get("steps"))
    if steps:
        return Truth(known, observations((step["text"] for step in steps), reader), True)
    asked = {
        kin
        for name in case.get("findings") or ()
        if name in reader.lexicon.entries
        for kin in reader.lexicon.narrower(name)
    }
    return Truth(known, [f for f in observations([report], reader) if not asked or f.name in asked], False)


def bare(finding: Finding) -> Finding:
    """The finding and whether it is there, no more."""
    return Finding(finding.name, finding.status)


class Judged:
    """A completion, its statements and how they stand to the truth."""

    def __init__(self, case: Mapping[str, Any], text: str, truth: Truth, reader: Reader) -> None:
        self.case, self.text, self.truth, self.reader = case, text, truth, reader
        self.said = parse_reply(text)

    @cached_property
    def statements(self) -> list[Finding]:
        """The distinct findings that the think tag states."""
        return observations([self.said.think or ""], self.reader)

    @cached_property
    def verdicts(self) -> list[str]:
        """Of each statement by the report; empty without one."""
        known = self.truth.known
        return [known.judge(statement).verdict for statement in self.statements] if known else []

    def right(self, statement: Finding) -> float:
        """1 if the report supports it, half if it supports the finding and not where, how much or how changed it is;
        0 for a finding that is invented or missed. Without the half, "absent", which has no side, is the safer word."""
        known = self.truth.known
        if known is None:
            return 0.0
        if known.judge(statement).verdict == "supported":
            return 1.0
        return 0.5 * (known.judge(bare(statement)).verdict == "supported")

    @cached_property
    def novelty(self) -> float:
        """1 where no sentence of the reasoning is said twice, else the share of sentences that are new."""
        think = self.said.think or ""
        prints = [normal_form(think[s.start : s.end]) for s in self.reader.statements(think)]
        prints = [text for text in prints if text]
        return len(set(prints)) / len(prints) if prints else 1.0

    def hits(self, *, absent: bool) -> tuple[float, int, int]:
        """Of the reference's absent, or other, findings: how many are stated (a part for each that is stated in
        part), how many there are; and how many absent, or other, statements are wrong."""
        wanted = [f for f in self.truth.reference if (f.status == "absent") == absent]
        stated = [f for f in self.statements if (f.status == "absent") == absent]
        hits = sum(self._stated(finding, stated) for finding in wanted)
        return hits, len(wanted), sum(not self.right(finding) for finding in stated)

    def _stated(self, wanted: Finding, stated: Sequence[Finding]) -> float:
        """How far one of `stated` says what is wanted; "possible", or another place, says half of it."""
        sure = [f for f in stated if f.status == wanted.status]
        half = [bare(f) for f in stated]
        lexicon = self.reader.lexicon
        return max(covered([wanted], sure, lexicon) or 0.0, 0.5 * (covered([bare(wanted)], half, lexicon) or 0.0))

    def rates(self) -> tuple[float | None, float | None]:
        """Sensitivity and specificity of the statements by the report: of the findings that are there, the share that
        is stated present; of those that are not, the share that is stated absent. None if none is spoken of."""
        pairs = list(zip(self.statements, self.verdicts, strict=True)) if self.verdicts else []
        there = [f.status != "absent" for f, v in pairs if (f.status != "absent") == (v == "supported")]
        gone = [f.status == "absent" for f, v in pairs if (f.status == "absent") == (v == "supported")]
        return (sum(there) / len(there) if there else None), (sum(gone) / len(gone) if gone else None)

    def accuracy(self) -> float | None:
        """The answer: 1 or 0 for one right option, partial credit for several, F1 of the findings for open answers.

        No answer is 0: it must not pay to be silent. None: the case has no answer that it could be compared with.
        """
        scores, why = grade(self.case, self.text)
        if scores["accuracy"] is None and why["accuracy"].startswith(("no reference", "reference answer")):
            return None
        score = scores.get("answer_f1", scores["accuracy"])
        if not self.case.get("options") and score is not None and score < 1:
            score = max(score, self._open())
        return score or 0.0

    def _open(self) -> float:
        answer = self.case.get("answer")
        wanted = self._present(answer if isinstance(answer, list) else list_items(str(answer)))
        given = self._present(answer_of(self.case, self.text).texts or [])
        recall = covered(wanted, given, self.reader.lexicon) or 0.0
        precision = covered(given, wanted, self.reader.lexicon) or 0.0
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0

    def _present(self, texts: Sequence[str]) -> list[Finding]:
        return [f for f in observations(texts, self.reader) if f.status == "present"]

    def consistency(self) -> float | None:
        """Does the answer follow from the statements? 1, 0, or None where an answer claims no finding.

        What the answer claims must be stated, and no other option may be stated to be present.
        """
        chosen = answer_of(self.case, self.text).texts
        if chosen is None:
            return 0.0
        stated = Known(self.statements, self.reader.lexicon, "unknown")
        if self.case.get("task") == "anomaly":
            seen = any(f.status == "present" for f in self.statements)
            return float(bool(self.statements) and seen == ([c.lower() for c in chosen] == ["abnormal"]))
        claims = answer_claims({**self.case, "answer": chosen}, self.reader)
        if not claims:
            return None
        follows = all(stated.judge(claim).verdict == "supported" for claim in claims)
        others = [option for option in self.case.get("options") or () if option not in chosen]
        if self.case.get("task") in ("single", "multiple"):
            rivals = [claim for claim in self._present(others) if claim not in claims]
            follows = follows and not any(stated.judge(rival).verdict == "supported" for rival in rivals)
        return float(follows)
