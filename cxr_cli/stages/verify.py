"""The stage `cxr verify`: cases checked by rules, by a model or by both, and sifted."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cxr_cli.engines import Spec, settle
from cxr_cli.engines.prompts.structured import Model, open_model
from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.records import Answered
from cxr_cli.rows import Flow, FlowOptions, Row, note
from cxr_cli.sources import radrbench
from cxr_cli.verifying.case_judge import Checker
from cxr_cli.verifying.filtering import Keep, Keeper
from cxr_cli.verifying.human import Marks
from cxr_cli.verifying.verifier import Verifier

if TYPE_CHECKING:
    from cxr_cli.verifying.llm import LlmJudge


@dataclass(frozen=True)
class VerifyOptions:
    """keep, min_support, explain: as Keeper has them. on: what is checked. human: a file of marks. lexicon: a file.
    judges: one or two names. engine: the model that judges, None if none does."""

    flow: FlowOptions
    keep: Keep = "steps"
    min_support: float | None = None
    on: Literal["steps", "predictions"] = "steps"
    human: str | None = None
    unmentioned: Unmentioned = "normal"
    lexicon: str | None = None
    explain: bool = False
    judges: Sequence[str] = ("rules",)
    engine: Spec | None = None


def run(options: VerifyOptions) -> int:
    """Writes the cases that are kept, checked. Returns how many rows were rejected."""
    judges, engine = options.judges, options.engine
    marks = Marks.read(options.human) if options.human else None
    verifier = Verifier(reader(Lexicon.load(options.lexicon)), options.unmentioned)
    keeper = Keeper(options.keep, options.min_support, options.explain, reasons=judges[0] == "rules" and not marks)
    flow = Flow(
        options.flow,
        find_source=radrbench.find,
        protected=(options.human,) if options.human else (),
        dry_run=engine is not None and engine.dry_run,
    )
    with open_model(engine) if engine else nullcontext() as model:
        checker = Checker(verifier, judges, _llm(model, verifier) if model else None)
        check, keep = checker.case, keeper.steps
        if options.on == "predictions":
            check, keep = checker.predictions, keeper.predictions

        def checked(rows: Iterator[Row]) -> Iterator[Row]:
            talks = ((row, check(row)) for row in rows)
            for _, case in settle(model.engine if model else None, talks, flow.reject, ordered=True):
                yield from keep(marks.over(case, options.on, judges[0]) if marks else case)

        flow.pipe(checked, Answered)
    if not flow.dry_run:
        _report(keeper, checker, marks)
    return flow.rejected


def _report(keeper: Keeper, checker: Checker, marks: Marks | None) -> None:
    keeper.report()
    if len(checker.judges) > 1:
        note(checker.agreement())
    for line in marks.report() if marks else ():
        note(line)


def _llm(model: Model, verifier: Verifier) -> "LlmJudge":
    from cxr_cli.verifying.llm import LlmJudge

    return LlmJudge(model, verifier.reader.lexicon, verifier.unmentioned)
