"""A comparison as a document: a table with its notes, records, data."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from cxr_cli.records import STAGE_SIGNATURES
from cxr_cli.scoring.summaries.comparison import ALPHA, Comparison, ComparisonLine
from cxr_cli.scoring.summaries.comparison_notes import notes
from cxr_cli.scoring.summaries.summary import ALL_TASKS
from cxr_cli.scoring.summaries.summary_table import mean_cells, reason_counts
from cxr_cli.scoring.tables.table import Document, Table


def document(comparison: Comparison) -> Document:
    """The table has a line a task, metric and model; records and data have one for each group of centres too."""
    return Document(
        table=_table(comparison),
        columns=ComparisonLine._fields,
        records=[{**line._asdict(), "reasons": reason_counts(line.reasons)} for line in comparison.lines],
        data=_data(comparison),
    )


def _table(comparison: Comparison) -> Table:
    """Groups of centres are side by side. A metric of which no model has a score in a task is left out."""
    rows: dict[tuple[str, str, str], dict[str, ComparisonLine]] = defaultdict(dict)
    with_scores = {line[:2] for line in comparison.lines if line.n}
    for line in comparison.lines:
        if line[:2] in with_scores:
            rows[line.task, line.metric, line.model][line.centre] = line
    columns = ["n", "nulls", "mean", f"{comparison.level * 100:g}% interval", "p"]
    centres = [*comparison.items.centres]
    bold = {
        (i, 3 + c * len(columns) + columns.index("mean"))
        for i, lines in enumerate(rows.values())
        for c, centre in enumerate(centres)
        if centre in lines and lines[centre].bold
    }
    nulls = [f"  {model}: {reasons}" for model, reasons in _nulls(comparison)]
    return Table(
        head=["task", "metric", "model", *columns * len(centres)],
        body=[
            [*names, *(cell for centre in centres for cell in _cells(lines.get(centre)))]
            for names, lines in rows.items()
        ],
        names=3,
        spans=[(centre, len(columns)) for centre in centres] if len(centres) > 1 else [],
        bold=frozenset(bold),
        bold_meaning=(
            f"the best, and those that do not differ significantly (p {ALPHA:g} or more);"
            " no mark where no model differs"
        ),
        foot=[
            ["null scores, left out of the means:", *nulls] if nulls else [],
            [*_methods(comparison), *(f"note: {note}" for note in [*notes(comparison), *_without_scores(comparison)])],
        ],
        signatures=[*_signatures(comparison)],
    )


def _cells(line: ComparisonLine | None) -> list[str]:
    if line is None:
        return ["-"] * 5
    p = "-" if line.p is None else "<0.001" if line.p < 0.001 else f"{line.p:.3f}"
    return [str(line.n), str(line.nulls), *mean_cells(line.mean, line.low, line.high), "best" if line.best else p]


def _data(comparison: Comparison) -> dict[str, Any]:
    """The lines, every pair of models, the signatures of each model, the notes."""
    return {
        "models": comparison.models,
        "items": {task: int(items.sum()) for task, items in comparison.items.tasks.items()},
        "level": comparison.level,
        "draws": comparison.draws,
        "seed": comparison.seed,
        "resampled_by": comparison.items.resampled_by,
        "lines": [line._asdict() for line in comparison.lines],
        "pairs": [pair._asdict() for pair in comparison.pairs],
        "signatures": {
            model: {key: dict(counts) for key, counts in signatures.items() if counts}
            for model, signatures in comparison.matrix.signatures.items()
        },
        "notes": notes(comparison),
    }


def _methods(comparison: Comparison) -> Iterator[str]:
    """How intervals and p were computed."""
    items = sum(int(items.sum()) for items in comparison.items.tasks.values())
    by = f"by {comparison.items.resampled_by}, seed {comparison.seed}"
    yield f"{items} items, {len(comparison.models)} models; intervals: {comparison.draws} bootstrap draws {by}"
    yield (
        "p: against the best, on the items that both score; a paired sign-flip test, up to 10,000 draws"
        f" {by}; corrected for all pairs of models in a line (Holm)"
    )


def _without_scores(comparison: Comparison) -> Iterator[str]:
    """The metrics that the table leaves out."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in comparison.lines:
        counts[line.task][line.metric] += line.n
    for task, metrics in counts.items():
        if empty := ", ".join(metric for metric, n in metrics.items() if not n):
            yield f"{task}: no model has a score of {empty}"


def _nulls(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Each model that has nulls, with `accuracy: 2 refused; factuality: 1 no report`, over all tasks and centres."""
    nulls: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for line in comparison.lines:
        if line.task != ALL_TASKS:
            nulls[line.model][line.metric].update(line.reasons)
    for model, metrics in nulls.items():
        texts = [f"{metric}: {reason_counts(dict(n.most_common()))}" for metric, n in metrics.items() if n]
        if texts:
            yield model, "; ".join(texts)


def _signatures(comparison: Comparison) -> Iterator[str]:
    """Each signature once: without names if all models carry it, and it alone. A model's own name is no signature."""
    for key in STAGE_SIGNATURES:
        models_of: dict[str, list[str]] = defaultdict(list)
        for model, signatures in comparison.matrix.signatures.items():
            for signature in signatures[key]:
                if signature != model:
                    models_of[signature].append(model)
        for signature, models in models_of.items():
            common = len(models_of) == 1 and len(models) == len(comparison.models)
            yield f"{key}: {signature}" + ("" if common else f" ({', '.join(models)})")
