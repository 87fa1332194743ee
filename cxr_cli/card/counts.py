"""What is in a split: counts and lengths, whose memory does not grow with its rows."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from cxr_cli.answers.steps import as_steps
from cxr_cli.rows import Row
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.tasks.task import texts_of
from cxr_cli.tasks.task_table import task_of

NO_OPTIONS = "(open)"


@dataclass
class Split:
    """findings: (finding, "yes", "no" of Yes/No questions or "other") -> rows. occurring: the findings that an answer
    names: Yes about it, or its option. answers: (task, option) -> rows.

    lengths: of what -> {length: how often}. A source, task or verdict that a row does not name is "-".
    """

    name: str
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    without: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    occurring: set[str] = field(default_factory=set)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    made_by: Counter[str] = field(default_factory=Counter)
    lengths: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: Row) -> None:
        self.fingerprint.add(row)
        task, options, answer, report = row.get("task") or "-", row.get("options"), row.get("answer"), row.get("report")
        self.without.update(key for key in ("patient", "images", "report", "steps") if not row.get(key))
        self.sources[row.get("source") or "-"] += 1
        self.tasks[task] += 1
        yes_no = str(answer).lower() if task_of(row).yes_no else None
        kind = yes_no if yes_no in ("yes", "no") else "other"
        self.findings.update((name, kind) for name in row.get("findings") or ())
        self.occurring.update(_occurring(row, kind))
        answers = [NO_OPTIONS] if not options else answer if isinstance(answer, list) else [answer or "-"]
        self.answers.update((task, text) for text in answers)
        self.made_by.update(f"{key}: {row[key]}" for key in ("made_by", "checked_by") if row.get(key))
        steps = as_steps(row.get("steps"))
        if report:
            self.lengths["words of a report"][len(report.split())] += 1
        if row.get("question"):
            self.lengths["words of a question"][len(row["question"].split())] += 1
        if steps:
            self.lengths["steps of a question"][len(steps)] += 1
            self.lengths["words of all its steps"][sum(len(step["text"].split()) for step in steps)] += 1
            self.verdicts.update(step.get("verdict") or "-" for step in steps)

    def median(self, name: str) -> int | None:
        """The lower median of `lengths[name]`; None if there are none."""
        counts = self.lengths[name]
        middle, below = (counts.total() + 1) // 2, 0
        for length in sorted(counts):
            below += counts[length]
            if below >= middle:
                return length
        return None


def _occurring(row: Row, kind: str) -> list[str]:
    """The findings that the answer names. kind: "yes", "no" or "other": each option may be one."""
    findings, options = row.get("findings") or [], row.get("options") or []
    if kind != "other" or len(options) != len(findings):
        return [] if kind == "no" else findings
    right = texts_of(row.get("answer"))
    return [name for name, option in zip(findings, options, strict=True) if option in right]
