"""One drive for every stage: read, map, check, hand over, write; and what happens to a broken row."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Row, Study
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files import reading
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.files.resume import finished_ids
from cxr_cli.rows.files.writing import open_output
from cxr_cli.rows.ids import Ids
from cxr_cli.rows.mapping import Mapper
from cxr_cli.rows.progress import note, with_progress
from cxr_cli.rows.splits import assign_split
from cxr_cli.rows.validation import check

_SPLITS = 8  # at most so many are named where none of the wanted split was found


@dataclass
class Flow:
    """Where the rows of a stage come from and where they go.

    inputs: files, or "-" for stdin. output: None is stdout. on_error: "skip" sends broken rows to `rejects`.
    mapping: our name -> the columns that make it. limit: at most so many good rows. find: what an INPUT names.
    spare: files besides the inputs that must not be written over. dry: write no rows.
    shard: (k, n) takes the k-th of every n good rows. split: rows of other splits are passed over.
    shares: of the splits that are drawn, by patient, for rows that have none.
    read, rejected: how many rows so far.
    """

    inputs: Sequence[str] = ("-",)
    output: Path | None = None
    overwrite: bool = False
    resume: bool = False
    on_error: Literal["stop", "skip"] = "stop"
    rejects: Path | None = None
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int | None = None
    find: Callable[[str], Source] = reading.find
    spare: Sequence[str] = ()
    dry: bool = False
    shard: tuple[int, int] | None = None
    split: str | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    read: int = field(default=0, init=False)
    rejected: int = field(default=0, init=False)

    def run(self, stage: Callable[[Row], Iterable[Row]], kind: type = Study) -> None:
        """Writes what `stage(row)` gives for each row that is a `kind`, a TypedDict of records.py.

        A RowError from `stage` concerns that row: nothing of it is written. Its `where` is filled in here: raise
        `RowError("", reason)`.
        """

        def each(rows: Iterator[Row]) -> Iterator[Row]:
            for row in rows:
                try:
                    results = list(stage(row))
                except RowError as error:
                    self.reject(row, error.reason)
                else:
                    yield from results

        self.pipe(each, kind)

    def pipe(self, stage: Callable[[Iterator[Row]], Iterable[Row]], kind: type = Study) -> None:
        """As `run`, for a stage that must see the stream: rows in, rows out, in any order and number.

        Such a stage calls `flow.reject(row, reason)` for a bad row, and leaves the row out.
        """
        sources = [self.find(name) for name in self.inputs]
        if self.split is not None and not (self.mapping or self.shares):
            sources = [source.part(self.split) for source in sources]
        self._spare_inputs(sources)
        try:
            with ExitStack() as stack:
                self._ids = stack.enter_context(Ids())
                if self.rejects is not None:
                    self._rejects = stack.enter_context(open_output(self.rejects, overwrite=True))
                place = Path(os.devnull) if self.dry else self.output
                output = stack.enter_context(open_output(place, resume=self.resume, overwrite=self.overwrite))
                if any(source.path and output.is_at(source.path) for source in sources):
                    raise CxrError("the output is one of the inputs")
                if self.resume:
                    self._load_finished()
                for row in stage(self._rows(sources, kind, quiet=output.is_terminal())):
                    if not (self.resume and self._ids.done(row["id"])):
                        output.write(row)
        finally:
            if self.rejected:
                note(f"{self.rejected} of {self.read} rows rejected -> {self.rejects}")

    def reject(self, row: Row, reason: str) -> None:
        """A row that a stage got and cannot use: to `rejects`, or RowError when the first bad row stops the run."""
        self._refuse(self._ids.place(row["id"]), reason, row, row)

    def _rows(self, sources: Iterable[Source], kind: type, *, quiet: bool) -> Iterator[Row]:
        """The good rows of all sources, checked, each id once, without those that an earlier run has finished."""
        good = 0
        others: set[str] = set()  # the splits of rows that were passed over
        for source in sources:
            before = self.read
            mapper = Mapper(self.mapping, source.name, table=source.table) if self.mapping else None
            for where, raw, reason in source.items() if quiet else with_progress(source):
                self.read += 1
                row = raw
                if reason is None:
                    row = mapper(raw) if mapper else raw
                    row = restore(row) if source.table else row
                    if type(row.get("id")) is int:
                        row = {**row, "id": str(row["id"])}
                    reason = check(row, kind) or self._doubled(row["id"], where)
                if reason is not None:
                    self._refuse(where, reason, raw, row)
                    continue
                row = assign_split(row, self.shares) if self.shares else row
                if self.split not in (None, row.get("split")):
                    if len(others) < _SPLITS:
                        others.add(row.get("split") or "none")
                    continue
                good += 1
                part, parts = self.shard or (1, 1)
                if good % parts == part % parts and not (self.resume and self._ids.done(row["id"])):
                    yield row
                if good == self.limit:
                    return
            if mapper:
                mapper.finish()
            if self.read == before:
                note(f"no rows in {source.name}")
        if others and not good:
            raise CxrError(f"--split: no row of `{self.split}`; there are: {', '.join(sorted(others))}")

    def _doubled(self, id: str, where: str) -> str | None:
        first = self._ids.see(id, where)
        return f"field `id`: doubled, first at {first}" if first else None

    def _refuse(self, where: str, reason: str, raw: Any, row: Any) -> None:
        """raw: as it was read; row: with its `id` under that name."""
        id = row.get("id") if isinstance(row, dict) else None
        id = id if id and isinstance(id, str) else None
        if self.on_error == "stop":
            raise RowError(where, reason, id=id)
        self.rejected += 1
        self._rejects.write({"where": where, "id": id, "reason": reason, "row": raw})

    def _load_finished(self) -> None:
        if self.output is not None and self.output.is_file():
            for id in finished_ids(self.output):
                self._ids.finish(id)

    def _spare_inputs(self, sources: Iterable[Source]) -> None:
        """No file is both read and written, under whatever name."""
        used = [os.stat(source.path) for source in sources if source.path]
        used += [os.stat(path) for path in self.spare if os.path.exists(path)]
        if any(source.name == "stdin" for source in sources) and sys.stdin is not None:
            with suppress(OSError, ValueError):
                used.append(os.fstat(sys.stdin.fileno()))
        written = [path for path in (self.output, self.rejects) if path]
        if len({path.resolve() for path in written}) < len(written):
            raise CxrError(f"{written[0]}: would be written over while it is read or written; choose another name")
        for path in written:
            if path.is_file() and any(os.path.samestat(path.stat(), other) for other in used):
                raise CxrError(f"{path}: would be written over while it is read or written; choose another name")
