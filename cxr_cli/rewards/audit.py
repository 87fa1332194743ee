"""`cxr rl --audit`: what rewards pay for honest chains, and for cheats. A cheat that pays as well would be learned."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.answers import reply_format
from cxr_cli.answers.reply_format import prompt_text
from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError
from cxr_cli.findings import Finding, Reader
from cxr_cli.mining.phrasing import Phrases, phrases
from cxr_cli.rewards.selection import Selected
from cxr_cli.rows.rng import Draws
from cxr_cli.scoring.radrscore import observations

TEMPLATE = (
    "The lungs are clear. There is no consolidation, edema, nodule or mass. There is no pleural effusion or "
    "pneumothorax. The heart is not enlarged. The mediastinal contours are normal. The bones are unremarkable. "
    "No device is seen."
)


class Honest:
    """A case with its verified chain, from which the cheats are made. They all give the right answer but where the
    answer itself is the cheat, so that the reasoning alone is tried."""

    def __init__(self, case: Mapping[str, Any], reader: Reader) -> None:
        self.case, self.reader = case, reader
        self.steps = [step["text"] for step in as_steps(case.get("steps"))]
        self.options: list[str] = list(case.get("options") or ())
        self.letters = reply_format.answer_letters(case, case["answer"])
        self.draws = Draws(f"audit/{case['id']}")

    @cached_property
    def statements(self) -> list[Finding]:
        return observations(self.steps, self.reader)

    @property
    def phrases(self) -> Phrases:
        return phrases(self.reader.lexicon)

    def chain(self) -> str:
        return reply_format.completion_text(self.steps, self.letters)

    def thinking(self, think: str | Sequence[str]) -> str:
        """Another reasoning, the right answer."""
        return reply_format.completion_text(think, self.letters)

    def saying(self, findings: Sequence[Finding]) -> str:
        return self.thinking([self.phrases.observe(finding, self.draws) for finding in findings] or "Nothing.")

    def answering(self, answer: str | Sequence[str]) -> str:
        """The honest reasoning, another answer."""
        return reply_format.completion_text(self.steps, answer)


def _flipped(finding: Finding) -> Finding:
    return finding._replace(status="present" if finding.status == "absent" else "absent")


def _true_sentence(honest: Honest) -> str:
    said = [step for step in honest.steps if honest.reader.read(step)]
    return honest.thinking([said[0] if said else honest.steps[0]] * 50)


def _doubtful(honest: Honest) -> str:
    """Every second finding that is there is in doubt, and so is called absent."""
    there = [f for f in honest.statements if f.status != "absent"]
    doubted = set(there[honest.draws.below(2) :: 2])
    return honest.saying([_flipped(f) if f in doubted else f for f in honest.statements])


def _everything(honest: Honest) -> str:
    entries = honest.reader.lexicon.entries.items()
    return honest.saying([Finding(name, "present") for name, entry in entries if entry.answer])


CHEATS: dict[str, Callable[[Honest], str]] = {
    "empty": lambda honest: "",
    "format only": lambda honest: reply_format.completion_text("I look at the image.", reply_format.option_letter(0)),
    "normal template": lambda honest: honest.thinking(TEMPLATE),
    "everything present": _everything,
    "negations flipped": lambda honest: honest.saying([_flipped(f) for f in honest.statements]),
    "question copied": lambda honest: honest.thinking(prompt_text(honest.case["question"], honest.options)),
    "one sentence fifty times": _true_sentence,
    "no reasoning": lambda honest: reply_format.bare_answer(honest.case, honest.case["answer"]),
    "option list copied": lambda honest: honest.answering(honest.options or honest.case["question"]),
    "both answers": lambda honest: honest.answering("A or B"),
    "hedging on all": lambda honest: honest.saying([f._replace(status="uncertain") for f in honest.statements]),
    "absent when in doubt": _doubtful,
}


class Line(NamedTuple):
    """What one way of answering is paid on average. as_good: the share of cases in which it is paid no less."""

    name: str
    rewards: dict[str, float | None]
    total: float
    as_good: float


class Audit(NamedTuple):
    """spread: for each reward its mean, standard deviation, least and most over the honest chains, and how many are
    None. lines: the honest chains, then the cheats."""

    cases: int
    spread: dict[str, tuple[float, float, float, float, int]]
    lines: list[Line]

    @property
    def failed(self) -> list[str]:
        """The cheats that are paid at least as well as the honest chains."""
        return [line.name for line in self.lines[1:] if line.total >= self.lines[0].total - 1e-9]


def audit(cases: Sequence[Mapping[str, Any]], chosen: Selected, reader: Reader) -> Audit:
    """Pays honest chains and cheats. Cases without steps or without an answer are left out; CxrError: none is left."""
    honest = [Honest(case, reader) for case in cases if case.get("answer") and as_steps(case.get("steps"))]
    if not honest:
        raise CxrError("nothing to audit: no case has both steps and an answer")
    columns = {"case": [h.case for h in honest]}
    chains = chosen.pay([h.chain() for h in honest], columns)
    best = chosen.total(chains)
    lines = [Line("honest chain", _means(chains), float(best.mean()), 1.0)]
    for name, cheat in CHEATS.items():
        paid = chosen.pay([cheat(h) for h in honest], columns)
        total = chosen.total(paid)
        lines.append(Line(name, _means(paid), float(total.mean()), float((total >= best - 1e-9).mean())))
    return Audit(len(honest), {name: _spread(values) for name, values in chains.items()}, lines)


def _means(paid: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, float | None]:
    return {name: None if np.isnan(values).all() else float(np.nanmean(values)) for name, values in paid.items()}


def _spread(values: np.ndarray[Any, Any]) -> tuple[float, float, float, float, int]:
    there = values[~np.isnan(values)]
    if not len(there):
        return (float("nan"),) * 4 + (len(values),)
    return float(there.mean()), float(there.std()), float(there.min()), float(there.max()), len(values) - len(there)


def as_table(done: Audit) -> str:
    """The audit for a person."""
    names = list(done.spread)
    wide = max(len(line.name) for line in done.lines)
    lines = [f"{done.cases} cases", "", f"{'reward':{wide}}   mean    sd   min   max  none"]
    for name, (mean, deviation, least, most, none) in done.spread.items():
        lines.append(f"{name:{wide}}  {mean:5.2f} {deviation:5.2f} {least:5.2f} {most:5.2f} {none:5d}")
    lines += ["", f"{'':{wide}}  " + "  ".join(names) + "  total  as good"]
    for line in done.lines:
        values = (line.rewards[name] for name in names)
        cells = (f"{'-' if v is None else f'{v:.2f}':>{len(n)}}" for n, v in zip(names, values, strict=True))
        mark = "  <- pays as well" if line.name in done.failed else ""
        lines.append(f"{line.name:{wide}}  {'  '.join(cells)}  {line.total:5.2f}  {line.as_good:6.0%}{mark}")
    return "\n".join(lines)
