"""The stage `cxr verify`: rules, a model or both check cases; bad steps and cases are dropped."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from cxr_cli import sources
from cxr_cli.engines import Spec, run_each
from cxr_cli.engines.prompts.structured import open_model
from cxr_cli.library.rules import Rules
from cxr_cli.records import AnsweredCase, Chains, DialogueForm, Unmentioned
from cxr_cli.rows import Flow, FlowOptions, Row, Signed, note
from cxr_cli.rows.signatures import in_use
from cxr_cli.sources.shapes import own_shape
from cxr_cli.sources.shapes.dialogue_output import dialogue_form
from cxr_cli.verifying.case_judge import CaseJudge
from cxr_cli.verifying.filtering import CaseFilter, Keep
from cxr_cli.verifying.human import HumanMarks
from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES


@dataclass(frozen=True)
class VerifyOptions:
    """keep, min_support, explain: see CaseFilter. on: "steps" or "predictions", what is checked. human: a file of
    marks. lexicon: a file. judges: one or two names. engine: the model that judges, None if no model does.
    jobs: processes. to: for another trainer."""

    flow: FlowOptions
    keep: Keep = "steps"
    min_support: float | None = None
    on: Chains = "steps"
    human: str | None = None
    unmentioned: Unmentioned = "normal"
    lexicon: str | None = None
    explain: bool = False
    judges: Sequence[str] = ("rules",)
    engine: Spec | None = None
    jobs: int = 1
    to: DialogueForm | None = None

    @property
    def settings(self) -> dict[str, object]:
        """Those of what is checked and kept that are not as by default, for signatures."""
        keep, on = (None if value == "steps" else value for value in (self.keep, self.on))
        return in_use(keep=keep, min_support=self.min_support, on=on)


def run(options: VerifyOptions) -> int:
    """Writes the cases that are kept, checked. Returns how many rows were rejected or failed."""
    judges, engine = options.judges, options.engine
    marks = HumanMarks.read(options.human) if options.human else None
    settings = options.settings | ({"marks": marks.digest} if marks else {})
    verifier = Rules(options.lexicon, options.unmentioned).verifier
    has_reasons = not (marks or STEP_JUDGES.load(judges[0]).asks_model)
    case_filter = CaseFilter(options.keep, options.min_support, options.explain, reasons=has_reasons)
    flow = Flow(
        options.flow,
        find_source=sources.find_rows,
        shape=own_shape,
        output_form=dialogue_form(options.to, options.flow),
        settings={"to": options.to},
        protected=(options.human,) if options.human else (),
        dry_run=engine is not None and engine.dry_run,
        engine_key="support" if engine else None,
    )
    with open_model(engine) if engine else nullcontext() as model:
        judge = CaseJudge(verifier, judges, model, settings)
        check, keep = judge.case, case_filter.filter_case
        if options.on == "predictions":
            check, keep = judge.predictions, case_filter.filter_predictions

        def check_rows(rows: Iterator[Row]) -> Iterator[Row]:
            for case in run_each(flow, model.engine if model else None, check, rows, options.jobs):
                yield from keep(marks.apply(case, options.on, judges[0]) if marks else case)

        flow.pipe(check_rows, AnsweredCase, signed=Signed("checked_by", judge.signature))
    if not flow.dry_run:
        _note_results(case_filter, judge, marks)
    return flow.incomplete


def _note_results(case_filter: CaseFilter, judge: CaseJudge, marks: HumanMarks | None) -> None:
    case_filter.report()
    if len(judge.judges) > 1:
        note(judge.agreement())
    for line in marks.report() if marks else ():
        note(line)
