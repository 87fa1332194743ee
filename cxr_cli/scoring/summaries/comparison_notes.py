"""What a reader has to know before believing that one model is better."""

from collections import defaultdict
from collections.abc import Iterator

from cxr_cli.records import STAGE_SIGNATURES
from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.shared_items import OTHER_CENTRES
from cxr_cli.scoring.summaries.summary import ALL_TASKS

_SAME_KEYS = [key for key in STAGE_SIGNATURES if key != "answered_by"]
"""The signatures that have to agree; `answered_by` is what differs between models."""


def notes(comparison: Comparison) -> list[str]:
    """A sentence for each thing that limits the comparison."""
    return [*_on_items(comparison), *_on_centres(comparison), *_on_nulls(comparison), *_on_signatures(comparison)]


def _on_items(comparison: Comparison) -> Iterator[str]:
    matrix, items, missing = comparison.matrix, comparison.items, False
    for task in matrix.ordered_tasks():
        models, left_out = items.models_of[task], items.left_out.get(task, [])
        counts = {m: int((items.coverage[matrix.models[m]] & items.in_task(task)).sum()) for m in models}
        shared = int(items.tasks[task].sum())
        if not_shared := ", ".join(f"{model} {n - shared}" for model, n in counts.items() if n > shared):
            yield f"{task}: on the {shared} items that all its models have; left out: {not_shared}"
        if left_out:
            yield f"{task}: left out, with no item in common: {', '.join(left_out)}"
        if absent := [m for m in comparison.models if m not in models and m not in left_out]:
            missing = True
            yield f"{task}: no rows of {', '.join(absent)}"
    if missing and len(items.tasks) > 1:
        yield f"{ALL_TASKS}: on the items that all models with that metric share"
    if items.resampled_by == "patient" and items.without_patient:
        yield f"items without a patient: {items.without_patient}, each counted as a patient of its own"


def _on_centres(comparison: Comparison) -> Iterator[str]:
    if not comparison.in_domain:
        return
    counts = comparison.items.source_counts()
    for centre in comparison.items.centres:
        names = [s for s in counts if s and (s in comparison.in_domain) == (centre != OTHER_CENTRES)]
        yield f"{centre}: " + (", ".join(f"{source} ({counts[source]} items)" for source in names) or "no items")
    if counts[None]:
        yield f"items without a source, in neither group: {counts[None]}"


def _on_nulls(comparison: Comparison) -> Iterator[str]:
    nulls: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for line in comparison.lines:
        nulls[line[:3]].add(line.nulls)
    if any(len(counts) > 1 for counts in nulls.values()):
        yield "where models differ in nulls, their means are over different items; p is over items that both score"


def _on_signatures(comparison: Comparison) -> Iterator[str]:
    for key in _SAME_KEYS:
        signatures = {frozenset(counts[key]) for counts in comparison.matrix.signatures.values()}
        if len(signatures) > 1:
            yield (
                f"the models' rows carry different {key} signatures:"
                " two numbers may be compared only if their signatures agree"
            )
