"""Files of rows into row stores."""

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
"""The file in OUT that lists the prompts which `--filter-variance` keeps."""


def read_rows(job: Job, sources: Sequence[str], check: Callable[[Row], None]) -> RowStore:
    """The rows of some files. check: raises RowError for a row that cannot be trained on, which stops the run."""
    rows = RowStore()
    max_images = job.settings.get("max_images")
    listed = job.out / KEPT_PROMPTS
    kept_ids = set(json.loads(listed.read_text())["kept"]) if listed.is_file() else None

    def store(row: Row) -> None:
        if kept_ids is not None and row["id"] not in kept_ids:
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
    """All training rows."""
    seed = job.settings.get("seed", 42)
    if job.weights is None:
        return Mixture([read_rows(job, job.sources, check)], None, seed)
    return Mixture([read_rows(job, [source], check) for source in job.sources], job.weights, seed)
