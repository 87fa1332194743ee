"""`cxr rl --audit`: what the rewards pay for honest chains and for cheats. A model learns a cheat that pays as well."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.answers.replies import reply_format
from cxr_cli.answers.replies.reply_format import prompt_text
from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError
from cxr_cli.findings import Finding, Reader, observations
from cxr_cli.findings.phrasing import Phrasing, phrasing_of
from cxr_cli.rewards.reward_mix import RewardMix, RewardValues
from cxr_cli.rows.rng import Rng
from cxr_cli.scoring.tables.table import Document, Table
from cxr_cli.scoring.tables.text import as_text

TEMPLATE = (
    "The lungs are clear. There is no consolidation, edema, nodule or mass. There is no pleural effusion or "
    "pneumothorax. The heart is not enlarged. The mediastinal contours are normal. The bones are unremarkable. "
    "No device is seen."
)


class HonestCase:
    """A case with its verified chain, from which the cheats are made.

    A cheat in the reasoning gives the right answer, so that the reasoning alone is tested.
    """

    def __init__(self, case: Mapping[str, Any], reader: Reader) -> None:
        self.case, self.reader = case, reader
        self.steps = [step["text"] for step in as_steps(case.get("steps"))]
        self.options: list[str] = list(case.get("options") or ())
        self.letters = reply_format.answer_letters(case, case["answer"])
        self.rng = Rng(f"audit/{case['id']}")

    @cached_property
    def statements(self) -> list[Finding]:
        return observations(self.steps, self.reader)

    @property
    def phrasing(self) -> Phrasing:
        return phrasing_of(self.reader.lexicon)

    def honest_reply(self) -> str:
        return reply_format.completion_text(self.steps, self.letters)

    def with_reasoning(self, think: str | Sequence[str]) -> str:
        """A reply with this reasoning and the right answer."""
        return reply_format.completion_text(think, self.letters)

    def with_statements(self, findings: Sequence[Finding]) -> str:
        return self.with_reasoning([self.phrasing.observe(finding, self.rng) for finding in findings] or "Nothing.")

    def with_answer(self, answer: str | Sequence[str]) -> str:
        """A reply with the honest reasoning and this answer."""
        return reply_format.completion_text(self.steps, answer)


def _flipped(finding: Finding) -> Finding:
    return finding._replace(status="present" if finding.status == "absent" else "absent")


def _true_sentence(honest: HonestCase) -> str:
    """The first step that states a finding, fifty times."""
    stating = [step for step in honest.steps if honest.reader.read(step)]
    return honest.with_reasoning([stating[0] if stating else honest.steps[0]] * 50)


def _doubtful(honest: HonestCase) -> str:
    """Every second present finding is in doubt, and so is called absent."""
    present = [f for f in honest.statements if f.status != "absent"]
    doubts = set(present[honest.rng.below(2) :: 2])
    return honest.with_statements([_flipped(f) if f in doubts else f for f in honest.statements])


def _everything(honest: HonestCase) -> str:
    """Every finding that can be an answer, called present."""
    entries = honest.reader.lexicon.entries.items()
    return honest.with_statements([Finding(name, "present") for name, entry in entries if entry.answer])


CHEATS: dict[str, Callable[[HonestCase], str]] = {
    "empty": lambda honest: "",
    "format only": lambda honest: reply_format.completion_text("I look at the image.", reply_format.option_letter(0)),
    "normal template": lambda honest: honest.with_reasoning(TEMPLATE),
    "everything present": _everything,
    "negations flipped": lambda honest: honest.with_statements([_flipped(f) for f in honest.statements]),
    "question copied": lambda honest: honest.with_reasoning(prompt_text(honest.case["question"], honest.options)),
    "one sentence fifty times": _true_sentence,
    "no reasoning": lambda honest: reply_format.bare_answer(honest.case, honest.case["answer"]),
    "option list copied": lambda honest: honest.with_answer(honest.options or honest.case["question"]),
    "both answers": lambda honest: honest.with_answer("A or B"),
    "hedging on all": lambda honest: honest.with_statements(
        [f._replace(status="uncertain") for f in honest.statements]
    ),
    "absent when in doubt": _doubtful,
}


class AuditLine(NamedTuple):
    """What the rewards pay on average for one way to reply. as_good: the share of cases in which it is paid as much as
    the honest chain, or more."""

    name: str
    rewards: dict[str, float | None]
    total: float
    as_good: float


class Audit(NamedTuple):
    """spread: for each reward its mean, standard deviation, least and most over the honest chains, and how many are
    None. lines: the honest chains, then the cheats."""

    cases: int
    spread: dict[str, tuple[float, float, float, float, int]]
    lines: list[AuditLine]

    @property
    def failed(self) -> list[str]:
        """The cheats that are paid at least as well as the honest chains."""
        return [line.name for line in self.lines[1:] if line.total >= self.lines[0].total - 1e-9]


def audit(cases: Sequence[Mapping[str, Any]], mix: RewardMix, reader: Reader) -> Audit:
    """What the rewards pay for honest chains and for cheats, over the cases with steps and an answer.

    CxrError: no case has both.
    """
    honest = [HonestCase(case, reader) for case in cases if case.get("answer") and as_steps(case.get("steps"))]
    if not honest:
        raise CxrError("nothing to audit: no case has both steps and an answer")
    columns = {"case": [h.case for h in honest]}
    chains = mix.pay([h.honest_reply() for h in honest], columns)
    best = mix.total(chains)
    lines = [AuditLine("honest chain", _means(chains), float(best.mean()), 1.0)]
    for name, cheat in CHEATS.items():
        values = mix.pay([cheat(h) for h in honest], columns)
        total = mix.total(values)
        lines.append(AuditLine(name, _means(values), float(total.mean()), float((total >= best - 1e-9).mean())))
    return Audit(len(honest), {name: _spread(values) for name, values in chains.items()}, lines)


def _means(rewards: RewardValues) -> dict[str, float | None]:
    return {name: None if np.isnan(values).all() else float(np.nanmean(values)) for name, values in rewards.items()}


def _spread(values: np.ndarray[Any, Any]) -> tuple[float, float, float, float, int]:
    numbers = values[~np.isnan(values)]
    none = len(values) - len(numbers)
    if not len(numbers):
        return (float("nan"),) * 4 + (none,)
    return float(numbers.mean()), float(numbers.std()), float(numbers.min()), float(numbers.max()), none


def as_table(result: Audit) -> str:
    """The audit for a person: the rewards of the honest chains, then what each way of answering is paid."""
    width = max(len(line.name) for line in result.lines)
    spread = Table(
        head=[f"{'reward':{width}}", " mean", "sd", "min", "max", "none"],
        body=[
            [name, f"{mean:5.2f}", f"{deviation:4.2f}", f"{least:4.2f}", f"{most:4.2f}", str(none)]
            for name, (mean, deviation, least, most, none) in result.spread.items()
        ],
        names=1,
    )
    lines = Table(
        head=["", *result.spread, "total", "as good"],
        body=[
            [
                line.name,
                *("-" if (value := line.rewards[name]) is None else f"{value:.2f}" for name in result.spread),
                f"{line.total:5.2f}",
                f"{line.as_good:6.0%}{'  <- pays as well' if line.name in result.failed else ''}",
            ]
            for line in result.lines
        ],
        names=1,
        left=frozenset({len(result.spread) + 2}),
    )
    return f"{result.cases} cases\n\n{as_text(Document(spread))}\n{as_text(Document(lines))}".rstrip("\n")
