"""The stage `cxr infer`: cases with films in, the same rows with what a model answers out."""

from collections.abc import Iterator

from cxr_cli.engines import Conversation, Spec, open_engine, run_or_reject
from cxr_cli.engines.predictor import DEFAULT_PROMPT, Predictor, check_askable
from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.errors import RowError
from cxr_cli.images import Films, prefetch
from cxr_cli.records import Case
from cxr_cli.rows import Flow, Row


def run(flow: Flow, spec: Spec, films: Films, prompt: Prompt | None, *, samples: int, seed: int, vote: bool) -> None:
    """Answers the cases of `flow`. Films are decoded ahead; rows are written as they are answered, in any order."""
    with open_engine(spec) as engine:
        predictor = Predictor(engine, spec.sampling, films, prompt or DEFAULT_PROMPT, samples, seed, vote)

        def stage(rows: Iterator[Row]) -> Iterator[Row]:
            for _, answer in run_or_reject(engine, _conversations(flow, predictor, films, rows), flow.reject):
                yield answer

        flow.pipe(stage, Case)


def _conversations(
    flow: Flow, predictor: Predictor, films: Films, rows: Iterator[Row]
) -> Iterator[tuple[Row, Conversation[Row]]]:
    def askable() -> Iterator[Row]:
        for row in rows:
            try:
                check_askable(row)
            except RowError as error:
                flow.reject(row, error.reason)
            else:
                yield row

    for row, images, error in prefetch(askable(), films):
        if error is not None:
            flow.reject(row, error)
        else:
            yield row, predictor.conversation(row, images)
