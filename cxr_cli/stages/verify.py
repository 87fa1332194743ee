"""The stage `cxr verify`: cases checked by rules, by a model or by both, and sifted."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from cxr_cli.engines import Spec, run_or_reject
from cxr_cli.engines.prompts.structured import open_model
from cxr_cli.records import AnsweredCase
from cxr_cli.rows import Flow, Row, note
from cxr_cli.verifying.case_judge import CaseJudge
from cxr_cli.verifying.filtering import CaseFilter
from cxr_cli.verifying.human import HumanMarks
from cxr_cli.verifying.verifier import Verifier


def run(
    flow: Flow,
    verifier: Verifier,
    case_filter: CaseFilter,
    on: str,
    judges: Sequence[str],
    engine: Spec | None,
    human: str | None = None,
) -> None:
    """on: "steps" or "predictions". engine: the model that judges, None if none does. human: a file of marks."""
    marks = HumanMarks.read(human) if human else None
    flow.spare = (human,) if human else ()
    with open_model(engine) if engine else nullcontext() as model:
        judge = CaseJudge(verifier, judges, model)
        check, keep = judge.case, case_filter.filter_case
        if on == "predictions":
            check, keep = judge.predictions, case_filter.filter_predictions

        def checked(rows: Iterator[Row]) -> Iterator[Row]:
            conversations = ((row, check(row)) for row in rows)
            for _, case in run_or_reject(model.engine if model else None, conversations, flow.reject, in_order=True):
                yield from keep(marks.apply(case, on, judges[0]) if marks else case)

        flow.pipe(checked, AnsweredCase)
    if not flow.dry:
        case_filter.report()
        if len(judges) > 1:
            note(judge.agreement())
        for line in marks.report() if marks else ():
            note(line)
