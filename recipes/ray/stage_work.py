"""What a stage does to the rows of INPUT, on the workers."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from cxr_cli import Rules
from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.parquet_format import TableCells
from cxr_cli.rows.mapping import Mapper, unmapped_section
from cxr_cli.verifying.filtering import CaseFilter

ROWS, REJECTS = "rows", "rejects"
"""Columns of what becomes of rows, and folders of OUT."""


@contextmanager
def without_data() -> Iterator[None]:
    """On a worker: CxrError, with its kind and its place alone, for an error that might quote a report."""
    try:
        yield
    except CxrError:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise CxrError(f"internal error: {type(error).__name__} at {Path(at.filename).name}:{at.lineno}") from None


def verified(rules: Rules, row: Row, on: Any = "steps") -> list[Row]:
    """What `cxr verify` keeps of a case."""
    case_filter = CaseFilter()
    keep = case_filter.filter_case if on == "steps" else case_filter.filter_predictions
    return keep(rules.verify(row, on))


class Stage(NamedTuple):
    """rows: makes of a row the rows that it becomes. columns: those that these get. on_demand: those that they get only
    by an option of the same name."""

    rows: Callable[..., list[Row]]
    columns: Sequence[str]
    on_demand: Sequence[str] = ()


STAGES = {
    "mine": Stage(
        lambda rules, row, **options: rules.mine(row, **options),
        ("task", "question", "options", "answer", "findings", "steps", "made_by", "why"),
    ),
    "label": Stage(
        lambda rules, row, **options: [rules.label_study(row, **options)],
        ("labels", "labelled_by", "why"),
        ("mentions", "sections"),
    ),
    "verify": Stage(verified, ("steps", "support", "checked_by", "why")),
    "score": Stage(lambda rules, row, **options: [rules.score(row, **options)], ("scores", "scored_by", "why")),
}


class Work(NamedTuple):
    """What is done to each row. It is sent to the workers. mapping: our name -> the columns that make it."""

    stage: str
    rules: Rules
    options: Mapping[str, Any]
    mapping: Mapping[str, Sequence[str]]

    @property
    def id_column(self) -> str:
        return self.mapping.get("id", ["id"])[0]

    def __call__(self, table: pa.Table) -> pa.Table:
        """A row for each row: its id, the rows that it becomes as JSON, or else why it is rejected.

        They stay together until they are written, so that a study is done when all its cases are.
        """
        results: list[list[str]] = []
        rejects: list[str | None] = []
        with without_data():
            for rows, reject in self.results(table):
                results.append([json_text.encode(row).decode() for row in rows])
                rejects.append(json_text.encode(reject).decode() if reject else None)
        columns = {ROWS: pa.array(results, pa.list_(pa.string())), REJECTS: pa.array(rejects, pa.string())}
        return pa.table({self.id_column: table[self.id_column], **columns})

    def results(self, table: pa.Table) -> Iterator[tuple[list[Row], Row | None]]:
        """For each row the rows that it becomes, or what is written of it when it is rejected."""
        mapper, stage = Mapper(self.mapping, "INPUT", table=True), STAGES[self.stage]
        for row, reason in TableCells().rows(pl.from_arrow(table)):
            try:
                study = restore(mapper(row))
                if reason := reason or unmapped_section(study):
                    raise RowError("", reason)
                yield stage.rows(self.rules, study, **self.options), None
            except RowError as error:
                yield [], {"id": str(row[self.id_column]), "reason": error.reason, "row": row}
