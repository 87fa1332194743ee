"""The stage `cxr score`: rows scored one by one, and the summary that goes with them."""

from collections.abc import Iterator

from cxr_cli.errors import RowError
from cxr_cli.records import Scored
from cxr_cli.rows import Flow, Row, write_text
from cxr_cli.scoring.score import Scorer
from cxr_cli.scoring.summary import Summary, as_csv, as_json, as_table
from cxr_cli.sources import plain_text

SHAPES = {"table": as_table, "json": as_json, "csv": as_csv}


def run(flow: Flow, scorer: Scorer, shape: str | None, seed: int, references: str | None) -> None:
    """Scores the rows of `flow`. shape: how the summary is printed on stdout, in place of rows there; None prints none.

    references: a path of reports, joined by id to rows that bring none of their own.
    """
    summary = Summary(seed=seed)
    flow.spare = (references,) if references else ()
    reports = plain_text.references(references) if references else None

    def scored(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if reports is not None and not row.get("report"):
                if row["id"] not in reports:
                    flow.reject(row, "no reference with this id")
                    continue
                row = {**row, "report": reports[row["id"]]}
            try:
                result = scorer.row(row)
            except RowError as error:
                flow.reject(row, error.reason)
                continue
            summary.add(result)
            if shape is None or flow.output is not None:
                yield result

    flow.pipe(scored, Scored)
    if shape is not None:
        write_text(SHAPES[shape](summary).rstrip("\n"))
