"""The rows of a training, read from their files into row stores, and checked."""

import json
from collections.abc import Callable, Sequence

from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import films_of
from cxr_cli.records import Case
from cxr_cli.rows import Row, for_each_row
from cxr_cli.training import distributed
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.settings.job import Job

KEPT_PROMPTS = "varied.json"
"""The file in OUT with the ids of the prompts that `--filter-variance` keeps: {"samples": 8, "rows": 9, "kept": []}."""


def read_training_rows(job: Job, sources: Sequence[str], check: Callable[[Row], None]) -> RowStore:
    """The rows of these files, without the prompts that `--filter-variance` has left out.

    check: raises RowError for a row that cannot be trained on. Such a row, or one with more than `max_images` films,
    stops the run: RowError. CxrError: several processes cannot read stdin.
    """
    rows = RowStore()
    max_images = job.settings.get("max_images")
    prompts = job.out / KEPT_PROMPTS
    ids = set(json.loads(prompts.read_text())["kept"]) if prompts.is_file() else None

    def store(row: Row) -> None:
        if ids is not None and row["id"] not in ids:
            return
        check(row)
        if max_images and (films := len(films_of(row))) > max_images:
            raise RowError("", f"{films} films, and max_images is {max_images}")
        rows.add(row)

    if "-" in sources and distributed.under_launcher():
        raise CxrError("several processes cannot all read stdin: name a file")
    for_each_row(sources, store, Case, mapping=job.mapping, limit=job.limit)
    rows.flush()
    return rows


def read_mixture(job: Job, check: Callable[[Row], None]) -> Mixture:
    """The rows to train on: those of `job.sources`, mixed by `job.weights`. Raises RowError; CxrError if there are
    none."""
    seed = job.settings.get("seed", 42)
    if job.weights is None:
        return Mixture([read_training_rows(job, job.sources, check)], None, seed)
    return Mixture([read_training_rows(job, [source], check) for source in job.sources], job.weights, seed)
