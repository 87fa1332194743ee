"""The rows of a training, read from their files into row stores, and checked."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import films_of
from cxr_cli.records import Case, why_no_steps
from cxr_cli.rows import Row, note
from cxr_cli.sources import for_each_row
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.processes import distributed
from cxr_cli.training.settings.job import Job


@dataclass(frozen=True)
class TrainingData:
    """rows: to train on. held_out: to evaluate on, None without `--eval`. left_out: how many rows are not trained on
    because they should have steps and have none."""

    rows: Mixture
    held_out: RowStore | None = None
    left_out: int = 0


def read_training_data(job: Job, check: Callable[[Row], None]) -> TrainingData:
    """The rows of `job.sources`, mixed by `job.weights`, and those of `job.evaluation`.

    check: raises RowError for a row that cannot be trained on. Such a row, or one with more than `max_images` films,
    stops the run: RowError. A row that should have steps and has none is left out, unless the job keeps it.
    CxrError: there are no rows, or several processes cannot all read stdin.
    """
    if "-" in job.sources and (distributed.under_launcher() or job.gpus * job.nodes > 1):
        raise CxrError("several processes cannot all read stdin: name a file")
    groups = [job.sources] if job.weights is None else [[source] for source in job.sources]
    patients, failed = _Seen(), list[str]()
    parts = [_read_rows(job, group, check, patients.add, failed) for group in groups]
    _report_left_out(failed)
    held_out = None
    if job.evaluation:
        failed_held_out: list[str] = []
        held_out = _read_rows(job, [job.evaluation], check, patients.look_up, failed_held_out)
        _report_left_out(failed_held_out)
        if not len(held_out):
            raise CxrError(f"--eval {job.evaluation}: no rows to evaluate on")
        if patients.overlap and not job.allow_overlap:
            raise CxrError(
                f"--eval {job.evaluation}: {patients.overlap_of(len(held_out))}; --allow-overlap trains all the same"
            )
    return TrainingData(Mixture(parts, job.weights, job.settings.get("seed", 42)), held_out, len(failed))


class _Seen:
    """The ids and patients of the rows to train on, and the held-out rows that share one."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._patients: set[str] = set()
        self.overlap: dict[str, list[str]] = {}

    def add(self, row: Row) -> None:
        self._ids.add(str(row["id"]))
        if row.get("patient") is not None:
            self._patients.add(str(row["patient"]))

    def look_up(self, row: Row) -> None:
        if str(row["id"]) in self._ids:
            self.overlap.setdefault("among the rows to train on", []).append(row["id"])
        elif row.get("patient") is not None and str(row["patient"]) in self._patients:
            self.overlap.setdefault("of a patient of the rows to train on", []).append(row["id"])

    def overlap_of(self, count: int) -> str:
        """ "3 of its 90 rows are among the rows to train on (the first is id x)"."""
        return ", ".join(
            f"{len(ids):,} of its {count:,} rows {'is' if len(ids) == 1 else 'are'} {what} (the first is id {ids[0]})"
            for what, ids in self.overlap.items()
        )


def _report_left_out(ids: Sequence[str]) -> None:
    if ids and not (distributed.rank() or distributed.launched_by_cxr()):
        note(
            f"{len(ids):,} rows are left out, as their steps are null (the first is id {ids[0]}); "
            "--answers-only keep takes their answers alone"
        )


def _read_rows(
    job: Job,
    sources: Sequence[str],
    check: Callable[[Row], None],
    see: Callable[[Row], None],
    left_out: list[str],
) -> RowStore:
    """see: gets each row that is stored, whole. left_out: gets the id of each row that is left out.

    A row that was mined without steps has none on purpose, and teaches its answer.
    """
    rows = RowStore()
    max_images = job.settings.get("max_images")

    def store(row: Row) -> None:
        check(row)
        if not job.keep_answers_only and why_no_steps(row):
            left_out.append(row["id"])
            return
        if max_images and (films := len(films_of(row))) > max_images:
            raise RowError("", f"{films} films, and max_images is {max_images}")
        rows.add(row)
        see(row)

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
