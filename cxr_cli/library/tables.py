"""Scored rows as tables: the mean of each metric, and models side by side."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from cxr_cli.errors import CxrError, RowError
from cxr_cli.extras import package_line
from cxr_cli.library.keywords import BootstrapKeywords
from cxr_cli.library.option_checks import check_one_of, checked_options
from cxr_cli.library.plain_rows import each_row, plain_row
from cxr_cli.records import Row, ScoredCase
from cxr_cli.rows.validation import row_errors_named
from cxr_cli.scoring.summaries import comparison_table, summary_table
from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from cxr_cli.scoring.summaries.summary import Summary
from cxr_cli.scoring.tables.table import Document

Frame = Literal["polars", "pandas"]


def summarize(rows: Iterable[Mapping[str, Any]], *, seed: int = 0, frame: Frame = "polars") -> Any:
    """A frame with a line a task and metric: n, nulls, mean, the bounds of its 95 % interval, and why scores are null.

    rows: of `score`. seed: of the bootstrap, which draws patients. frame: "polars" or "pandas". The column `notes` says
    on every line what the command notes below its table, such as signatures that differ. CxrError: frame is neither, or
    pandas is missing. RowError: a row cannot be used, has no scores, or repeats an id.
    """
    seed = checked_options({"seed": seed}, BootstrapKeywords)["seed"]
    check_one_of("frame", frame, get_args(Frame))
    summary, ids = Summary(seed=seed), set[str]()
    for row in map(_scored_row, each_row("rows", rows)):
        if row["id"] in ids:
            raise RowError("row", "field `id`: doubled; `compare` is for the rows of several models", id=row["id"])
        ids.add(row["id"])
        summary.add(row)
    return _frame(summary_table.document(summary), frame)


def compare(
    models: Mapping[str, Iterable[Mapping[str, Any]]], *, common: bool = False, seed: int = 0, frame: Frame = "polars"
) -> Any:
    """A frame with a line a task, metric and model: mean, interval, whether it is the best, and the p of its difference
    from the best, corrected.

    models: name -> rows of `score`. common: only the items that all of them answered. seed, frame and the column
    `notes`: as at `summarize`. CxrError: there are fewer than two, or one has no rows. RowError: a row cannot be used,
    has no scores, or a model answers an item twice.
    """
    options = checked_options({"seed": seed, "common": common}, BootstrapKeywords)
    check_one_of("frame", frame, get_args(Frame))
    if not isinstance(models, Mapping) or not all(isinstance(name, str) for name in models):
        raise CxrError("models: expected a dict, {name: rows, ..}")
    if len(models) < 2:
        raise CxrError(f"compare needs two models or more, not {', '.join(models) or 'none'}")
    matrix = ScoreMatrix()
    for name, rows in models.items():
        for row in map(_scored_row, each_row(name, rows)):
            with row_errors_named("row", row["id"]):
                matrix.add(name, row)
        if name not in matrix.models:
            raise CxrError(f"compare: {name} has no rows; an iterator gives its rows once")
    return _frame(comparison_table.document(Comparison(matrix, options["common"], seed=options["seed"])), frame)


def _scored_row(row: Mapping[str, Any]) -> Row:
    plain = plain_row(row, ScoredCase)
    if plain.get("scores") is None:
        raise RowError("row", "field `scores`: missing; `score(row)` gives them", id=plain["id"])
    return plain


def _frame(document: Document, frame: Frame) -> Any:
    columns, notes = [*document.columns, "notes"], "; ".join(document.data["notes"])
    records = [
        {name: str(value) if name == "set" else value for name, value in record.items()} | {"notes": notes}
        for record in document.records
    ]
    if frame == "pandas":
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise CxrError(f"pandas is not installed: {package_line('pandas')}") from error
        return pandas.DataFrame(records, columns=columns)
    import polars

    return polars.DataFrame(records, schema=columns, infer_schema_length=None)
