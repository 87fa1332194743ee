"""A summary as a document: a table with its notes, records, data."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.scoring.summaries.summary import ALL_TASKS, Summary, SummaryLine
from cxr_cli.scoring.tables.table import Document, Table


def document(summary: Summary) -> Document:
    """A line a task and metric."""
    lines = summary.lines()
    return Document(
        table=_table(summary, lines),
        columns=[*SummaryLine._fields, "set"],
        records=[
            {**line._asdict(), "reasons": reason_counts(line.reasons), "set": summary.fingerprint} for line in lines
        ],
        data=_data(summary, lines),
    )


def _table(summary: Summary, lines: Sequence[SummaryLine]) -> Table:
    """The table, then why scores are null, notes, and the signatures."""
    nulls = [
        f"  {line.task} {line.metric}: {reason_counts(line.reasons)}"
        for line in lines
        if line.nulls and line.task != ALL_TASKS
    ]
    draws = f"{summary.draws} bootstrap draws by {summary.resampled_by()}, seed {summary.seed}"
    return Table(
        head=["task", "metric", "n", "nulls", "mean", f"{summary.level * 100:g}% interval"],
        body=[
            [line.task, line.metric, str(line.n), str(line.nulls), *mean_cells(line.mean, line.low, line.high)]
            for line in lines
        ],
        names=2,
        foot=[
            ["null scores, left out of the means:", *nulls] if nulls else [],
            [
                f"set: {summary.rows} rows, {summary.fingerprint}",
                f"intervals: {draws}",
                *(f"note: {note}" for note in summary.notes()),
            ],
        ],
        signatures=[
            f"{key}: {signature}" + (f" ({n} of {summary.rows} rows)" if n < summary.rows else "")
            for key, counts in summary.signatures.items()
            for signature, n in counts.items()
        ],
    )


def _data(summary: Summary, lines: Sequence[SummaryLine]) -> dict[str, Any]:
    """The set, every line with its reasons, the signatures with their counts, the notes."""
    return {
        "rows": summary.rows,
        "set": str(summary.fingerprint),
        "unscored": summary.unscored,
        "level": summary.level,
        "draws": summary.draws,
        "seed": summary.seed,
        "resampled_by": summary.resampled_by(),
        "lines": [line._asdict() for line in lines],
        "signatures": {key: dict(counts) for key, counts in summary.signatures.items() if counts},
        "notes": summary.notes(),
    }


def reason_counts(reasons: Mapping[str, int]) -> str:
    """{"refused": 2, "no answer": 1}  ->  "2 refused, 1 no answer"."""
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items())


def mean_cells(mean: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """A mean and its interval: "0.761" and "[0.667, 0.847]"; a dash for what is unknown."""
    interval = "-" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
    return "-" if mean is None else f"{mean:.3f}", interval
