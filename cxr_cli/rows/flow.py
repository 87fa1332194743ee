"""The run of every stage: rows are read, mapped, checked, handed to the stage and written; broken ones are rejected."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from cxr_cli.errors import CxrError, RowError, note, one_line, shortened
from cxr_cli.records import Row, Study
from cxr_cli.rows.fields import restore, with_texts
from cxr_cli.rows.files import reading
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.ids import Ids
from cxr_cli.rows.mapping import Mapper, mapping_advice, unmapped_section
from cxr_cli.rows.output.failed_rows import FailedRows
from cxr_cli.rows.output.overlap import check_overlap
from cxr_cli.rows.output.rejects import Rejects
from cxr_cli.rows.output.resume import Signed, check_strangers, finished_rows
from cxr_cli.rows.output.shard_record import ShardRun
from cxr_cli.rows.output.writing import Output, is_kept, open_output
from cxr_cli.rows.progress import with_progress
from cxr_cli.rows.signatures import in_use
from cxr_cli.rows.splits import assign_split
from cxr_cli.rows.validation import check_and_clean
from cxr_cli.worker_processes import results

T = TypeVar("T")
OnError = Literal["stop", "skip"]
_SPLITS = 8  # the most that are named where no row is of the wanted split


@dataclass(frozen=True)
class FlowOptions:
    """Where rows come from and where they go, as the flags say it.

    inputs: files, or "-" for stdin. output: None is stdout. on_error: "skip" sends broken rows to `rejects`.
    mapping: our name -> the columns that make it. limit: the most good rows that are read. shard: (k, n) takes the k-th
    of n parts of each input. split: rows of other splits are passed over. resume: rows that the output lacks are made,
    and those to which no reply came; retry_failed: all those of the output on which an engine failed, and no others.
    """

    inputs: Sequence[str] = ("-",)
    output: Path | None = None
    overwrite: bool = False
    resume: bool = False
    on_error: OnError = "stop"
    rejects: Path | None = None
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int | None = None
    shard: tuple[int, int] | None = None
    split: str | None = None
    retry_failed: bool = False

    @property
    def continues(self) -> bool:
        """Does the run go on with the output of an earlier one?"""
        return self.resume or self.retry_failed


RowShape = Callable[[Row, str], Row]
"""(a row as it was read, its `path:line`) -> the row as records.py has it. RowError: it cannot be understood."""


def as_read(row: Row, where: str) -> Row:
    """The row with texts where it has numbers."""
    return with_texts(row)


@dataclass
class Flow:
    """One run of a stage over the rows of its inputs.

    find_source: what an INPUT names. shape: see RowShape. output_form: how rows are written for other tools; RowError
    for one that cannot be. protected: files besides the inputs that must not be overwritten. dry_run: no rows are
    written. engine_key: what an engine adds to a row, see `engine_failure`. shares: of the splits that are drawn, by
    patient, for rows that have none. about_doubled: what an error adds where an id stands in two of the inputs.
    same_ids: have the rows that are written the ids of those that are read? settings: what decides how rows are
    written, and is in no signature. read, rejected: how many rows so far. failed: those that lack what an engine was to
    give, in the output of an earlier run too.
    """

    options: FlowOptions
    _: KW_ONLY
    find_source: Callable[[str], Source] = reading.find
    shape: RowShape = as_read
    output_form: Callable[[Row], Row] | None = None
    protected: Sequence[str] = ()
    dry_run: bool = False
    engine_key: str | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    about_doubled: str = ""
    same_ids: bool = True
    settings: Mapping[str, object] = field(default_factory=dict)

    read: int = field(default=0, init=False)
    failed: FailedRows = field(init=False)
    _cut_short: bool = field(default=False, init=False)  # did `limit` end the reading?

    def __post_init__(self) -> None:
        self._rejects = Rejects(self.options.rejects if self.options.on_error == "skip" else None)
        self.failed = FailedRows(self.engine_key, retry=self.options.retry_failed)

    @property
    def rejected(self) -> int:
        return self._rejects.count

    @property
    def incomplete(self) -> int:
        """How many rows were rejected or failed; if any, the command exits with 3."""
        return self.rejected + self.failed.count

    def run(self, stage: Callable[[Row], Iterable[Row]], kind: type = Study, *, signed: Signed | None = None) -> None:
        """Writes what `stage(row)` gives for each row that is a `kind`, a TypedDict of records.py.

        A RowError from `stage` concerns that row: nothing of it is written. Its `where` is filled in here: raise
        `RowError("", reason)`.
        """

        def stage_rows(rows: Iterator[Row]) -> Iterator[Row]:
            for _, stage_results in self.each(lambda row: list(stage(row)), rows):
                yield from stage_results

        self.pipe(stage_rows, kind, signed=signed)

    def each(self, function: Callable[[Row], T], rows: Iterator[Row], jobs: int = 1) -> Iterator[tuple[Row, T]]:
        """Each row with `function(row)`, in order, for stages that see the stream; a row for which that raises a
        RowError is rejected. jobs: see `worker_processes.results`."""

        def result_or_error(row: Row) -> T | RowError:
            try:
                return function(row)
            except RowError as error:
                return error

        for row, result in results(result_or_error, self._rejects.under_way(rows), jobs):
            self._rejects.next_done()
            if isinstance(result, RowError):
                self.reject(row, result.reason)
            else:
                yield row, result

    def pipe(
        self,
        stage: Callable[[Iterator[Row]], Iterable[Row]],
        kind: type = Study,
        *,
        signed: Signed | None = None,
    ) -> None:
        """As `run`, for a stage that must see the stream: rows in, rows out, in any order and number.

        Such a stage calls `flow.reject(row, reason)` for a bad row, and leaves the row out. signed: the rows of an
        output that `--resume` may continue.
        """
        options = self.options
        sources = [self.find_source(name) for name in options.inputs]
        if options.split is not None and not (options.mapping or self.shares):
            sources = [source.part(options.split) for source in sources]
        if options.shard:
            sources = [source.shard(*options.shard) for source in sources]
        check_overlap((options.output, options.rejects), sources, self.protected)
        self.failed.check_retry(options.output, resume=options.resume)
        shard_run = None
        if options.shard and options.output and is_kept(options.output) and not self.dry_run:
            shard_run = ShardRun(
                options.shard, sources, options.output, resume=options.resume, retry_failed=options.retry_failed
            )
        try:
            with ExitStack() as stack:
                self._ids = stack.enter_context(Ids())
                stack.enter_context(self._rejects.open())
                place = Path(os.devnull) if self.dry_run else options.output
                resume = partial(self._load_finished, signed) if options.continues and not self.dry_run else None
                output = stack.enter_context(open_output(place, resume=resume, overwrite=options.overwrite))
                if shard_run:
                    shard_run.begin()
                if any(source.path and output.is_at(source.path) for source in sources):
                    raise CxrError("the output is one of the inputs")
                if options.continues and self.dry_run and options.output is not None:
                    self._load_finished(signed, options.output)
                try:
                    for row in stage(self._good_rows(sources, kind, quiet=output.is_terminal())):
                        if "id" not in row or not self.finished(row["id"]):  # tables of other tools have no ids
                            if not self.dry_run:
                                self._write(output, row)
                            self.failed.add_new(row)
                        else:
                            self._check_unchanged(row)
                finally:
                    for row in self.failed.not_made():
                        if not self.dry_run:
                            output.write(row)
                if options.resume and not self._cut_short:
                    check_strangers(options.output, *self._ids.strangers(), shard=options.shard)
            if shard_run and not self._cut_short:
                shard_run.end(self._options_text(signed), rejected=self.rejected, failed=self.failed.count)
        finally:
            if self.rejected:
                note(f"{self.rejected} of {self.read} rows rejected -> {options.rejects}")
            if self.failed.count:
                again = "; --retry-failed asks for them again" if options.output else ""
                note(f"{self.failed.count} rows failed{again}. The first: {self.failed.first}")

    def finished(self, id: str) -> bool:
        """Whether a stage need not make the row with this id: an earlier run has, or it is none of those to retry."""
        if not self.options.continues:
            return False
        return self._ids.is_finished(id) or not (self.options.resume or self.failed.waiting(id))

    def reject(self, row: Row, reason: str) -> None:
        """A row that a stage got and cannot use: to `rejects`, or RowError when the first bad row stops the run."""
        self._rejects.add(self._ids.place(row["id"]), reason, row, row, at_work=True)

    def _check_unchanged(self, row: Row) -> None:
        """CxrError: the row is not what an earlier run has finished under its id."""
        if self._ids.has_changed(row):
            raise CxrError(
                f"{self.options.output}: {shortened(row['id'])} had another question or report when it was written; "
                "--overwrite makes all rows anew"
            )

    def _write(self, output: Output, row: Row) -> None:
        try:
            output.write(self.output_form(row) if self.output_form else row)
        except RowError as error:
            self._rejects.add("output", error.reason, row, row)

    def _good_rows(self, sources: Iterable[Source], kind: type, *, quiet: bool) -> Iterator[Row]:
        """The good rows of this split, without those that an earlier run has finished."""
        options, good = self.options, 0
        others: set[str] = set()  # the splits of rows that were passed over
        for source in sources:
            for row in self._checked_rows(source, kind, quiet=quiet):
                row = assign_split(row, self.shares) if self.shares else row
                if options.split not in (None, row.get("split")):
                    if len(others) < _SPLITS:
                        others.add(row.get("split") or "rows without a split")
                    continue
                good += 1
                if not (self.same_ids and self.finished(row["id"])):
                    yield row
                else:
                    self._check_unchanged(row)
                if good == options.limit:
                    self._cut_short = True
                    return
        if others and not good and not options.shard:
            raise CxrError(f"--split: no row has the split `{options.split}`; there are: {', '.join(sorted(others))}")

    def _checked_rows(self, source: Source, kind: type, *, quiet: bool) -> Iterator[Row]:
        """The rows of a source, mapped and checked, each id once; broken ones are rejected."""
        before = self.read
        mapper = Mapper(self.options.mapping, source.name, table=source.table) if self.options.mapping else None
        for where, raw, reason in source.items() if quiet else with_progress(source):
            self.read += 1
            row, where = raw, where if where.isprintable() else one_line(where)
            if reason is None:
                row = mapper(raw) if mapper else raw
                row = restore(row) if source.table else row
                try:
                    row = self.shape(row, where)
                except RowError as error:
                    reason = error.reason
            if reason is None:
                row, reason = check_and_clean(row, kind)
                reason = unmapped_section(row) or reason or self._why_doubled(row["id"], where)
                if reason == "field `id`: missing":
                    advice = mapping_advice(("id",), row) or ("--map id=COLUMN" if source.table else "")
                    reason += f" (if it has another name: {advice})" if advice else ""
            if reason is None:
                yield row
            else:
                self._rejects.add(where, reason, raw, row)
        if mapper:
            mapper.finish()
        if self.read == before and not self.options.shard:
            note(f"no rows in {source.name}")

    def _why_doubled(self, id: str, where: str) -> str | None:
        first = self._ids.see(id, where)
        if not first:
            return None
        other_file = where.rpartition(":")[0] != first.rpartition(":")[0]
        return f"field `id`: doubled, first at {first}{self.about_doubled if other_file else ''}"

    def _load_finished(self, signed: Signed | None, path: Path) -> None:
        if path.is_file():
            for row in finished_rows(path, signed, self.failed.is_retry, keep=self.dry_run):
                if not self._ids.finish(row):
                    raise CxrError(f"{path}: the id {shortened(row['id'])} is doubled: two runs have written it")

    def _options_text(self, signed: Signed | None) -> str:
        """The signature, and what else decides which rows there are and how they are written."""
        columns = ",".join(f"{name}={'+'.join(columns)}" for name, columns in self.options.mapping.items())
        settings = in_use(split=self.options.split, map=columns, **self.settings)
        return "|".join(
            [*([signed.signature] if signed else []), *(f"{key}:{value}" for key, value in settings.items())]
        )
