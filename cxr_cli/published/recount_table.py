"""A recount of published results as a document: a table with the defects of the files, records, data."""

from collections.abc import Iterator, Sequence
from typing import Any

from cxr_cli.published.recount import CAUSES, Recount, RecountLine
from cxr_cli.scoring.tables.table import Document, FootEntry, Table

_CAUSE_WIDTHS = (7,)
_DEFECT_WIDTHS = (21, 5)


def document(recount: Recount) -> Document:
    """A line a task, model and metric."""
    lines = recount.lines()
    return Document(
        table=_table(recount, lines),
        columns=RecountLine._fields,
        records=[{**line._asdict(), "because": _because(line)} for line in lines],
        data=_data(recount, lines),
    )


def _table(recount: Recount, lines: Sequence[RecountLine]) -> Table:
    """The models of a task below its name; then causes, defects, what the released script prints."""
    main_causes = [_main_cause(line) for line in lines]
    causes = [
        FootEntry((cause, text), _CAUSE_WIDTHS)
        for cause, text in CAUSES.items()
        if any(cause in main_cause for main_cause in main_causes)
    ]
    defects = [FootEntry((defect.name, str(defect.n), defect.text), _DEFECT_WIDTHS) for defect in recount.defects()]
    return Table(
        head=["task", "model", "metric", "published", "n", "ours", "n", "nulls", "change", "mostly"],
        body=[
            [line.task, line.model, line.metric, *_line_cells(line), main_cause]
            for line, main_cause in zip(lines, main_causes, strict=True)
        ],
        names=3,
        stacked=True,
        left=frozenset({9}),
        foot=[
            causes,
            ["in the files:", *defects] if defects else [],
            [*_script_figures(lines), f"{recount.rows} rows"],
        ],
        signatures=[f"scored_by: {signature}" for signature in recount.signatures],
        empty="no results",
    )


def _data(recount: Recount, lines: Sequence[RecountLine]) -> dict[str, Any]:
    """Every line with its causes, the defects, the signatures."""
    return {
        "rows": recount.rows,
        "lines": [line._asdict() for line in lines],
        "causes": CAUSES,
        "defects": [defect._asdict() for defect in recount.defects()],
        "signatures": {"scored_by": dict(recount.signatures)},
    }


def _script_figures(lines: Sequence[RecountLine]) -> Iterator[str]:
    """What the released script prints, where the rows that it counts by half change a figure."""
    figures: dict[str, list[str]] = {}
    for line in lines:
        if line.script is not None and line.published is not None and abs(line.script - line.published) >= 5e-4:
            figures.setdefault(f"{line.model}, {line.task}", []).append(f"{line.metric} {line.script:.3f}")
    for name, texts in figures.items():
        yield f"the released script prints for {name}:"
        yield f"  {', '.join(texts)}"


def _line_cells(line: RecountLine) -> list[str]:
    change = "-" if line.change is None else f"{round(line.change, 3) + 0.0:+.3f}"
    return [
        _mean_cell(line.published),
        str(line.published_n),
        _mean_cell(line.ours),
        str(line.n),
        str(line.nulls),
        change,
    ]


def _mean_cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _main_cause(line: RecountLine) -> str:
    """The cause that changes the mean most: "empty -0.054"; "" where none changes it by 0.0005."""
    cause, change = max(line.because.items(), key=lambda cause: abs(cause[1]), default=("", 0.0))
    return f"{cause} {change:+.3f}" if abs(change) >= 5e-4 else ""


def _because(line: RecountLine) -> str:
    return ", ".join(f"{cause} {change:+.4f}" for cause, change in line.because.items())
