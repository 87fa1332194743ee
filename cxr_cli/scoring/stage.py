"""The stage `cxr score`: rows scored one by one, and the summary that goes with them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from cxr_cli.engines import Spec, settle
from cxr_cli.engines.structured import open_model
from cxr_cli.findings import Reader
from cxr_cli.records import Scored
from cxr_cli.rows import Flow, Row, note, write_text
from cxr_cli.scoring.published import Published
from cxr_cli.scoring.published_shapes import SHAPES as PUBLISHED
from cxr_cli.scoring.score import Scorer
from cxr_cli.scoring.summary import Summary, as_csv, as_json, as_table
from cxr_cli.sources import plain_text, published

SHAPES = {"table": as_table, "json": as_json, "csv": as_csv}


def run(
    flow: Flow,
    reader: Reader,
    shape: str | None,
    seed: int,
    references: str | None,
    layout: str | None,
    engine: Spec | None,
    judges: Sequence[str],
    **how: Any,
) -> None:
    """Scores the rows of `flow`. shape: how the summary is printed on stdout, in place of rows there; None prints none.

    references: a path of reports, joined by id to rows that bring none of their own. layout: of the published results
    that the inputs are. engine: the model that judges.
    """
    failed: Counter[bool] = Counter()
    summary: Summary | Published = Summary(seed=seed, second=judges[1] if len(judges) > 1 else None)
    shapes: Mapping[str, Callable[[Any], str]] = SHAPES
    if layout:
        flow.find, summary, shapes = published.find, Published(judges[0]), PUBLISHED
    flow.spare = (references,) if references else ()
    reports = plain_text.references(references) if references else None

    def with_reports(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if reports is None or row.get("report"):
                yield row
            elif row["id"] in reports:
                yield {**row, "report": reports[row["id"]]}
            else:
                flow.reject(row, "no reference with this id")

    with open_model(engine) if engine else nullcontext() as model:
        scorer = Scorer(reader, judges=judges, model=model, **how)

        def scored(rows: Iterator[Row]) -> Iterator[Row]:
            talks = ((row, scorer.row(row)) for row in with_reports(rows))
            for _, result in settle(model.engine if model else None, talks, flow.reject, ordered=True):
                summary.add(result)
                failed.update([any(reason.startswith("judge: ") for reason in result["why"].values())])
                if shape is None or flow.output is not None:
                    yield result

        flow.pipe(scored, Scored)
    if failed[True] and not flow.dry:
        note(f"{failed[True]} of {failed.total()} rows could not be judged in full: `why` says the reason")
    if shape is not None and not flow.dry:
        write_text(shapes[shape](summary).rstrip("\n"))
