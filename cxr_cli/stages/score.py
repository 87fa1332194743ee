"""The stage `cxr score`: rows scored one by one, and the summary or the comparison that goes with them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxr_cli.engines import Spec, run_or_reject
from cxr_cli.engines.prompts.structured import open_model
from cxr_cli.errors import CxrError, RowError
from cxr_cli.findings import Reader
from cxr_cli.published import recount_table, results
from cxr_cli.published.recount import Recount
from cxr_cli.records import ScoredCase
from cxr_cli.rows import Flow, Row, note, write_text
from cxr_cli.scoring.scorer import Scorer
from cxr_cli.scoring.summaries import comparison_notes, comparison_table, summary_table
from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.model_names import ModelFile, model_files
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from cxr_cli.scoring.summaries.summary import Summary
from cxr_cli.scoring.tables import formatted
from cxr_cli.sources.texts import plain_text

Take = Callable[[Row], None]


def run(
    flow: Flow,
    reader: Reader,
    shape: str | None,
    seed: int,
    judges: Sequence[str],
    layout: str | None,
    plot: Path | None,
    **how: Any,
) -> None:
    """Scores the rows of `flow`. shape: how the summary is printed on stdout, in place of rows there; None prints none.

    layout: of the published results that the inputs are. plot: a folder for plots. how: as `_scoring` takes it.
    """
    summary: Summary | Recount = Summary(seed=seed, second=judges[1] if len(judges) > 1 else None)
    if layout:
        flow.find, summary = results.find, Recount(judges[0])
    matrix, draw = ScoreMatrix() if plot else None, _drawing(plot)

    def take(row: Row) -> None:
        summary.add(row)
        if matrix is not None:
            matrix.add(ModelFile("", name="").model(row), row)

    with _scoring(reader, judges=judges, **how) as score:
        score(flow, take, shape is None or flow.output is not None)
    if flow.dry:
        return
    if shape is not None:
        document = recount_table.document(summary) if isinstance(summary, Recount) else summary_table.document(summary)
        write_text(formatted(document, shape).rstrip("\n"))
    if matrix is not None:
        draw(Comparison(matrix, common=True, seed=seed))


def compare(
    flow: Flow,
    reader: Reader,
    shape: str,
    seed: int,
    layout: str | None,
    plot: Path | None,
    common: bool,
    in_domain: Sequence[str],
    **how: Any,
) -> None:
    """Scores each input of `flow`, a model or several, and prints how they compare."""
    if layout:
        flow.find = results.find
    matrix, draw = ScoreMatrix(), _drawing(plot)
    with _scoring(reader, **how) as score:
        for file in model_files(flow.inputs):

            def take(row: Row, file: ModelFile = file) -> None:
                matrix.add(file.model(row), row)

            score(replace(flow, inputs=[file.path]), take, False)
    if flow.dry:
        return
    if len(matrix.models) < 2:
        raise CxrError(f"--compare wants two models or more, not {', '.join(matrix.models) or 'none'}")
    comparison = Comparison(matrix, common, in_domain, seed)
    write_text(formatted(comparison_table.document(comparison), shape).rstrip("\n"))
    if shape == "csv":
        for text in comparison_notes.notes(comparison):
            note(text)
    draw(comparison)


def _drawing(folder: Path | None) -> Callable[[Comparison], None]:
    """What draws a comparison; made before the scoring, so that a missing package is reported at once."""
    if folder is None:
        return lambda comparison: None
    from cxr_cli.scoring.plots.plots import draw

    return lambda comparison: note(f"{len(draw(comparison, folder))} plots -> {folder}")


@contextmanager
def _scoring(
    reader: Reader, references: str | None, engine: Spec | None, judges: Sequence[str], **how: Any
) -> Iterator[Callable[[Flow, Take, bool], None]]:
    """Gives score(flow, take, write): scores the rows of a flow, hands each to `take`, and writes it where asked to.

    references: a path of reports, joined by id to rows that bring none of their own. engine: the model that judges.
    """
    reports = plain_text.references(references) if references else None
    with open_model(engine) if engine else nullcontext() as model:
        scorer = Scorer(reader, judges=judges, model=model, **how)

        def score(flow: Flow, take: Take, write: bool) -> None:
            failed: Counter[bool] = Counter()
            flow.spare = (references,) if references else ()

            def with_reports(rows: Iterator[Row]) -> Iterator[Row]:
                for row in rows:
                    if reports is None or row.get("report"):
                        yield row
                    elif row["id"] in reports:
                        yield {**row, "report": reports[row["id"]]}
                    else:
                        flow.reject(row, "no reference with this id")

            def scored(rows: Iterator[Row]) -> Iterator[Row]:
                conversations = ((row, scorer.row(row)) for row in with_reports(rows))
                for _, result in run_or_reject(
                    model.engine if model else None, conversations, flow.reject, in_order=True
                ):
                    try:
                        take(result)
                    except RowError as error:
                        flow.reject(result, error.reason)
                        continue
                    failed.update([any(reason.startswith("judge: ") for reason in result["why"].values())])
                    if write:
                        yield result

            flow.pipe(scored, ScoredCase)
            if failed[True] and not flow.dry:
                note(f"{failed[True]} of {failed.total()} rows could not be judged in full: `why` says the reason")

        yield score
