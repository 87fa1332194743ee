"""The stage `cxr verify`: cases checked by rules, by a model or by both, and sifted."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from cxr_cli.engines import Spec, run_or_reject
from cxr_cli.engines.prompts.structured import Model, open_model
from cxr_cli.records import AnsweredCase
from cxr_cli.rows import Flow, Row, note
from cxr_cli.verifying.case_judge import Checker
from cxr_cli.verifying.filtering import Keeper
from cxr_cli.verifying.human import Marks
from cxr_cli.verifying.verifier import Verifier

if TYPE_CHECKING:
    from cxr_cli.verifying.llm import LlmJudge


def run(
    flow: Flow,
    verifier: Verifier,
    keeper: Keeper,
    on: str,
    judges: Sequence[str],
    engine: Spec | None,
    human: str | None = None,
) -> None:
    """on: "steps" or "predictions". engine: the model that judges, None if none does. human: a file of marks."""
    marks = Marks.read(human) if human else None
    flow.spare = (human,) if human else ()
    with open_model(engine) if engine else nullcontext() as model:
        checker = Checker(verifier, judges, _llm(model, verifier) if model else None)
        check, keep = checker.case, keeper.steps
        if on == "predictions":
            check, keep = checker.predictions, keeper.predictions

        def checked(rows: Iterator[Row]) -> Iterator[Row]:
            conversations = ((row, check(row)) for row in rows)
            for _, case in run_or_reject(model.engine if model else None, conversations, flow.reject, in_order=True):
                yield from keep(marks.over(case, on, judges[0]) if marks else case)

        flow.pipe(checked, AnsweredCase)
    if not flow.dry:
        keeper.report()
        if len(judges) > 1:
            note(checker.agreement())
        for line in marks.report() if marks else ():
            note(line)


def _llm(model: Model, verifier: Verifier) -> "LlmJudge":
    from cxr_cli.verifying.llm import LlmJudge

    return LlmJudge(model, verifier.reader.lexicon, verifier.unmentioned)
