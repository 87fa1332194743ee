"""The summary of published results for a person, a program and a spreadsheet."""

import csv
import io
import json
from collections.abc import Sequence

from cxr_cli.published.recount import CAUSES, Line, Published
from cxr_cli.scoring.tables import in_line

_LEFT = (0, 1, 8)  # columns of names and of what mostly changed


def as_table(results: Published) -> str:
    """Under each task a line for each model and metric; then what is wrong in the files. Within 100 columns."""
    lines = results.lines()
    rows = [["task", "metric", "published", "n", "ours", "n", "nulls", "change", "mostly"]]
    task = model = ""
    for line in lines:
        if line.task != task:
            task, model = line.task, ""
            rows.append([task])
        first, model = "" if line.model == model else f"  {line.model}", line.model
        rows.append([first, line.metric, *_numbers(line), _most(line)])
    widths = [max(len(row[i]) for row in rows if len(row) > 1) for i in range(len(rows[0]))]
    out = [row[0] if len(row) == 1 else in_line(row, widths, _LEFT) for row in rows] if lines else ["no results"]
    causes = [cause for cause in CAUSES if any(cause in _most(line) for line in lines)]
    if causes:
        out += ["", *(f"  {cause:7}  {CAUSES[cause]}" for cause in causes)]
    defects = results.defects()
    if defects:
        out += ["", "in the files:"]
    out += [f"  {defect.name:21}  {defect.n:>5}  {defect.text}" for defect in defects]
    out += ["", *_scripts(lines), f"{results.rows} rows"]
    out += [f"scored_by: {signature}" for signature in results.signatures]
    return "\n".join(out) + "\n"


def as_json(results: Published) -> str:
    """For a program: every line with its causes, the defects, the signatures."""
    document = {
        "rows": results.rows,
        "lines": [line._asdict() for line in results.lines()],
        "causes": CAUSES,
        "defects": [defect._asdict() for defect in results.defects()],
        "signatures": {"scored_by": dict(results.signatures)},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_csv(results: Published) -> str:
    """For a spreadsheet: one line a task, model and metric; unknown numbers are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Line._fields)
    for line in results.lines():
        writer.writerow([*("" if value is None else value for value in line[:-1]), _causes(line)])
    return out.getvalue()


SHAPES = {"table": as_table, "json": as_json, "csv": as_csv}


def _scripts(lines: Sequence[Line]) -> list[str]:
    """What the released script prints where its half-counted rows show."""
    told: dict[str, list[str]] = {}
    for line in lines:
        if line.script is not None and line.published is not None and abs(line.script - line.published) >= 5e-4:
            told.setdefault(f"{line.model}, {line.task}", []).append(f"{line.metric} {line.script:.3f}")
    return [f"the released script prints for {of}:\n  {', '.join(values)}" for of, values in told.items()]


def _numbers(line: Line) -> list[str]:
    change = "-" if line.change is None else f"{round(line.change, 3) + 0.0:+.3f}"
    return [_shown(line.published), str(line.published_n), _shown(line.ours), str(line.n), str(line.nulls), change]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _most(line: Line) -> str:
    """The cause that moves it most."""
    cause, change = max(line.because.items(), key=lambda cause: abs(cause[1]), default=("", 0.0))
    return f"{cause} {change:+.3f}" if abs(change) >= 5e-4 else ""


def _causes(line: Line) -> str:
    return ", ".join(f"{cause} {change:+.4f}" for cause, change in line.because.items())
