"""Scored rows as tables: the mean of each metric, and models side by side."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from cxr_cli.errors import CxrError
from cxr_cli.extras import package_line
from cxr_cli.library.plain_rows import plain_row
from cxr_cli.records import ScoredCase
from cxr_cli.scoring.summaries import comparison_table, summary_table
from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from cxr_cli.scoring.summaries.summary import Summary
from cxr_cli.scoring.tables.table import Document

Frame = Literal["polars", "pandas"]


def summarize(rows: Iterable[Mapping[str, Any]], *, seed: int = 0, frame: Frame = "polars") -> Any:
    """A frame with a line a task and metric: n, nulls, mean, the bounds of its 95 % interval, and why scores are null.

    rows: of `score`. seed: of the bootstrap, which draws patients. frame: "polars" or "pandas". CxrError: frame is
    neither, pandas is missing, or a score is no number. RowError: a row cannot be used.
    """
    summary = Summary(seed=seed)
    for row in rows:
        summary.add(plain_row(row, ScoredCase))
    return _frame(summary_table.document(summary), frame)


def compare(
    models: Mapping[str, Iterable[Mapping[str, Any]]], *, common: bool = False, seed: int = 0, frame: Frame = "polars"
) -> Any:
    """A frame with a line a task, metric and model: mean, interval, whether it is the best, and the p of its difference
    from the best, corrected.

    models: name -> rows of `score`. common: only the items that all of them answered. CxrError: there are fewer than
    two. RowError: a row cannot be used, or a model answers an item twice.
    """
    if len(models) < 2:
        raise CxrError(f"compare needs two models or more, not {', '.join(models) or 'none'}")
    matrix = ScoreMatrix()
    for name, rows in models.items():
        for row in rows:
            matrix.add(name, plain_row(row, ScoredCase))
    return _frame(comparison_table.document(Comparison(matrix, common, seed=seed)), frame)


def _frame(document: Document, frame: Frame) -> Any:
    if frame not in get_args(Frame):
        raise CxrError(f"frame: {frame} is none of {', '.join(get_args(Frame))}")
    records = [
        {name: str(value) if name == "set" else value for name, value in record.items()} for record in document.records
    ]
    if frame == "pandas":
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise CxrError(f"pandas is not installed: {package_line('pandas')}") from error
        return pandas.DataFrame(records, columns=[*document.columns])
    import polars

    return polars.DataFrame(records, schema=[*document.columns], infer_schema_length=None)
