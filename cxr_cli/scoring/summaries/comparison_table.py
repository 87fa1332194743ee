"""A comparison as it is shown: a table with its foot, CSV, JSON."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from cxr_cli.scoring.summaries.comparison import ALPHA, FAR, Comparison, Line
from cxr_cli.scoring.summaries.summary import ALL, SIGNATURES, counted, shown
from cxr_cli.scoring.tables import Table, shapes

_SAME = ("made_by", "checked_by", "scored_by")


def table(comparison: Comparison) -> Table:
    """A line a task, metric and model; groups of centres side by side."""
    rows: dict[tuple[str, str, str], dict[str, Line]] = defaultdict(dict)
    told = {line[:2] for line in comparison.lines if line.n}
    for line in comparison.lines:
        if line[:2] in told:
            rows[line.task, line.metric, line.model][line.centre] = line
    columns = ["n", "nulls", "mean", f"{comparison.level * 100:g}% interval", "p"]
    centres = [*comparison.centres]
    bold = {
        (i, 3 + c * len(columns) + columns.index("mean"))
        for i, lines in enumerate(rows.values())
        for c, centre in enumerate(centres)
        if centre in lines and lines[centre].bold
    }
    reasons = [f"  {model}: {why}" for model, why in _nulls(comparison)]
    return Table(
        head=["task", "metric", "model", *columns * len(centres)],
        body=[
            [*names, *(cell for centre in centres for cell in _cells(lines.get(centre)))]
            for names, lines in rows.items()
        ],
        names=3,
        spans=[(centre, len(columns)) for centre in centres] if len(centres) > 1 else [],
        bold=frozenset(bold),
        bolded=f"the best, and those that cannot be told from it (p {ALPHA:g} or more); none where that is all of them",
        foot=[
            ["null scores, left out of the means:", *reasons] if reasons else [],
            [*_how(comparison), *(f"note: {note}" for note in [*notes(comparison), *_untold(comparison)])],
        ],
        signed=[*_signed(comparison)],
    )


def as_csv(comparison: Comparison) -> str:
    """For a spreadsheet: one line a task, metric, group of centres and model; unknown numbers are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Line._fields)
    for line in comparison.lines:
        writer.writerow([*("" if value is None else value for value in line[:-1]), counted(line.reasons)])
    return out.getvalue()


def as_json(comparison: Comparison) -> str:
    """For a program: the lines, every pair of models, the signatures of each model, the notes."""
    document = {
        "models": comparison.models,
        "items": {task: int(items.sum()) for task, items in comparison.tasks.items()},
        "level": comparison.level,
        "draws": comparison.draws,
        "seed": comparison.seed,
        "resampled_by": comparison.resampled_by,
        "lines": [line._asdict() for line in comparison.lines],
        "pairs": [pair._asdict() for pair in comparison.pairs],
        "signatures": {
            model: {key: dict(seen) for key, seen in signatures.items() if seen}
            for model, signatures in comparison.boards.signatures.items()
        },
        "notes": notes(comparison),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def notes(comparison: Comparison) -> list[str]:
    """What a reader has to know before believing that one model is better."""
    return [*_on_items(comparison), *_on_centres(comparison), *_on_nulls(comparison), *_on_signatures(comparison)]


def _how(comparison: Comparison) -> Iterator[str]:
    items = sum(int(items.sum()) for items in comparison.tasks.values())
    by = f"by {comparison.resampled_by}, seed {comparison.seed}"
    yield f"{items} items, {len(comparison.models)} models; intervals: {comparison.draws} bootstrap draws {by}"
    yield (
        "p: against the best, on the items that both score; a paired test that flips signs, up to 10,000 draws"
        f" {by}; corrected for all pairs of models of a line (Holm)"
    )


def _on_items(comparison: Comparison) -> Iterator[str]:
    boards, missing = comparison.boards, False
    for task in boards.in_order():
        models = comparison.has[task]
        asked = {m: int((comparison.asked[boards.models[m]] & comparison.of(task)).sum()) for m in models}
        shared = int(comparison.tasks[task].sum())
        if left := ", ".join(f"{m} {n - shared}" for m, n in asked.items() if n > shared):
            yield f"{task}: on the {shared} items that its models share; left out: {left}"
        alone = comparison.alone.get(task, [])
        if alone:
            yield f"{task}: none of its items is another model's, left out: {', '.join(alone)}"
        if absent := [m for m in comparison.models if m not in models and m not in alone]:
            missing = True
            yield f"{task}: not asked of {', '.join(absent)}"
    if missing and len(comparison.tasks) > 1:
        yield f"{ALL}: on the items that all models with that metric share"
    if comparison.resampled_by == "patient" and comparison.without_patient:
        yield f"items without a patient: {comparison.without_patient}, each drawn as one of its own"


def _on_centres(comparison: Comparison) -> Iterator[str]:
    if not comparison.in_domain:
        return
    counts = comparison.sources()
    for centre in comparison.centres:
        names = [s for s in counts if s and (s in comparison.in_domain) == (centre != FAR)]
        yield f"{centre}: " + (", ".join(f"{source} ({counts[source]} items)" for source in names) or "no items")
    if counts[None]:
        yield f"items without a source, in neither group: {counts[None]}"


def _untold(comparison: Comparison) -> Iterator[str]:
    """What the table leaves out."""
    metrics: dict[str, Counter[str]] = defaultdict(Counter)
    for line in comparison.lines:
        metrics[line.task][line.metric] += line.n
    for task, counts in metrics.items():
        if untold := ", ".join(metric for metric, n in counts.items() if not n):
            yield f"{task}: no model has a score of {untold}"


def _on_nulls(comparison: Comparison) -> Iterator[str]:
    nulls: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for line in comparison.lines:
        nulls[line[:3]].add(line.nulls)
    if any(len(counts) > 1 for counts in nulls.values()):
        yield "where models differ in nulls, their means are over different items; p is over those that both score"


def _on_signatures(comparison: Comparison) -> Iterator[str]:
    for key in _SAME:
        seen = [frozenset(signatures[key]) for signatures in comparison.boards.signatures.values()]
        if len({*seen}) > 1:
            yield (
                f"the models' rows carry different {key} signatures:"
                " two numbers may be compared only if their signatures agree"
            )


def _nulls(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Each model that has nulls, with `accuracy: 2 refused; factuality: 1 no report`, over all tasks and centres."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for line in comparison.lines:
        if line.task != ALL:
            found[line.model][line.metric].update(line.reasons)
    for model, metrics in found.items():
        said = {metric: counted(dict(seen.most_common())) for metric, seen in metrics.items() if seen}
        if said:
            yield model, "; ".join(f"{metric}: {why}" for metric, why in said.items())


def _signed(comparison: Comparison) -> Iterator[str]:
    """Each signature once: without names if all models carry it, and it alone. A model's own name is none."""
    for key in SIGNATURES:
        who: dict[str, list[str]] = defaultdict(list)
        for model, signatures in comparison.boards.signatures.items():
            for signature in signatures[key]:
                if signature != model:
                    who[signature].append(model)
        for signature, models in who.items():
            everybody = len(who) == 1 and len(models) == len(comparison.models)
            yield f"{key}: {signature}" + ("" if everybody else f" ({', '.join(models)})")


def _cells(line: Line | None) -> list[str]:
    if line is None:
        return ["-"] * 5
    p = "-" if line.p is None else "<0.001" if line.p < 0.001 else f"{line.p:.3f}"
    return [str(line.n), str(line.nulls), *shown(line.mean, line.low, line.high), "best" if line.best else p]


SHAPES = shapes(table, as_csv, as_json)
