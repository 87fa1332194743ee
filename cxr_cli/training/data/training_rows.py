"""The rows of a training, read from their files into row stores, and checked."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import films_of
from cxr_cli.records import Case
from cxr_cli.rows import Row, for_each_row
from cxr_cli.training import distributed
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.settings.job import Job


@dataclass(frozen=True)
class TrainingData:
    """rows: to train on. held_out: to evaluate on, None without `--eval`."""

    rows: Mixture
    held_out: RowStore | None = None


def read_training_data(job: Job, check: Callable[[Row], None]) -> TrainingData:
    """The rows of `job.sources`, mixed by `job.weights`, and those of `job.evaluation`.

    check: raises RowError for a row that cannot be trained on. Such a row, or one with more than `max_images` films,
    stops the run: RowError. CxrError: there are no rows, or several processes cannot all read stdin.
    """
    if "-" in job.sources and (distributed.under_launcher() or job.gpus * job.nodes > 1):
        raise CxrError("several processes cannot all read stdin: name a file")
    held_out = _read_rows(job, [job.evaluation], check) if job.evaluation else None
    groups = [job.sources] if job.weights is None else [[source] for source in job.sources]
    parts = [_read_rows(job, group, check) for group in groups]
    return TrainingData(Mixture(parts, job.weights, job.settings.get("seed", 42)), held_out)


def _read_rows(job: Job, sources: Sequence[str], check: Callable[[Row], None]) -> RowStore:
    rows = RowStore()
    max_images = job.settings.get("max_images")

    def store(row: Row) -> None:
        check(row)
        if max_images and (films := len(films_of(row))) > max_images:
            raise RowError("", f"{films} films, and max_images is {max_images}")
        rows.add(row)

    for_each_row(sources, store, Case, mapping=job.mapping, limit=job.limit)
    rows.flush()
    return rows


def only(data: TrainingData, ids: Collection[str]) -> TrainingData:
    """The data without the rows to train on that have other ids. Raises CxrError if there are none left."""
    parts = []
    for part in data.rows.parts:
        rows = RowStore()
        for index in range(len(part)):
            if (row := part[index])["id"] in ids:
                rows.add(row)
        rows.flush()
        parts.append(rows)
    return replace(data, rows=Mixture(parts, data.rows.weights, data.rows.seed))
