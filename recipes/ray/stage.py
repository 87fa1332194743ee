"""Runs `mine`, `label`, `verify` or `score` over a folder of Parquet files, on a Ray cluster that runs already.

    python recipes/ray/stage.py mine studies/ mined/ --options '{"findings": "edema"}'
    python recipes/ray/stage.py verify mined/rows/ verified/

OUT gets `rows/` (Parquet), `rejects/` (rows that cannot be used, with the reason), `checkpoint/` (Ray's: the ids of the
rows that are done) and `stage.json` (the settings, which must stay the same). The same command goes on where an earlier
run ended. Exit code 3: all is done, but rows were rejected.
"""

import json
import logging
import os
import re
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import click
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import ray
from ray.data.checkpoint import CheckpointConfig
from ray.data.datasource import BlockBasedFileDatasink

from cxr_cli import Rules, __version__
from cxr_cli.cli import main
from cxr_cli.errors import CxrError, RowError, library_message, note, shortened
from cxr_cli.options.flow import exit_if_incomplete, mapping
from cxr_cli.records import Row, ScoredCase
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.embedded_films import is_film_type, scan_table
from cxr_cli.rows.files.parquet_format import TableCells
from cxr_cli.rows.files.reading import has_parquet
from cxr_cli.rows.mapping import Mapper, mapping_advice, unmapped_section
from cxr_cli.rows.output.output_lock import OutputLock
from cxr_cli.rows.output.writing import WholeFile
from cxr_cli.verifying.filtering import CaseFilter

FOLDERS = ROWS, REJECTS, CHECKPOINT = "rows", "rejects", "checkpoint"
SETTINGS, LOCK = "stage.json", "lock"
CPUS = 2  # of the cluster, at least: while Ray filters by its checkpoint, an actor of its own holds one


@contextmanager
def without_data() -> Iterator[None]:
    """On a worker: CxrError, with its kind and its place alone, for an error that might quote a report."""
    try:
        yield
    except CxrError:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise CxrError(f"internal error: {type(error).__name__} at {Path(at.filename).name}:{at.lineno}") from None


def verified(rules: Rules, row: Row, on: Any = "steps") -> list[Row]:
    """What `cxr verify` keeps of a case."""
    case_filter = CaseFilter()
    keep = case_filter.filter_case if on == "steps" else case_filter.filter_predictions
    return keep(rules.verify(row, on))


class Stage(NamedTuple):
    """rows: makes of a row the rows that it becomes. columns: those that these get. on_demand: those that they get only
    by an option of the same name."""

    rows: Callable[..., list[Row]]
    columns: Sequence[str]
    on_demand: Sequence[str] = ()


STAGES = {
    "mine": Stage(
        lambda rules, row, **options: rules.mine(row, **options),
        ("task", "question", "options", "answer", "findings", "steps", "made_by", "why"),
    ),
    "label": Stage(
        lambda rules, row, **options: [rules.label_study(row, **options)],
        ("labels", "labelled_by", "why"),
        ("mentions", "sections"),
    ),
    "verify": Stage(verified, ("steps", "support", "checked_by", "why")),
    "score": Stage(lambda rules, row, **options: [rules.score(row, **options)], ("scores", "scored_by", "why")),
}


class Work(NamedTuple):
    """What is done to each row. It is sent to the workers. mapping: our name -> the columns that make it."""

    stage: str
    rules: Rules
    options: Mapping[str, Any]
    mapping: Mapping[str, Sequence[str]]

    @property
    def id_column(self) -> str:
        return self.mapping.get("id", ["id"])[0]

    def __call__(self, table: pa.Table) -> pa.Table:
        """A row for each row: its id, the rows that it becomes as JSON, or else why it is rejected.

        They stay together until they are written, so that a study is done when all its cases are.
        """
        results: list[list[str]] = []
        rejects: list[str | None] = []
        with without_data():
            for rows, reject in self.results(table):
                results.append([json_text.encode(row).decode() for row in rows])
                rejects.append(json_text.encode(reject).decode() if reject else None)
        columns = {ROWS: pa.array(results, pa.list_(pa.string())), REJECTS: pa.array(rejects, pa.string())}
        return pa.table({self.id_column: table[self.id_column], **columns})

    def results(self, table: pa.Table) -> Iterator[tuple[list[Row], Row | None]]:
        """For each row the rows that it becomes, or what is written of it when it is rejected."""
        mapper, stage = Mapper(self.mapping, "INPUT", table=True), STAGES[self.stage]
        for row, reason in TableCells().rows(pl.from_arrow(table)):
            try:
                study = restore(mapper(row))
                if reason := reason or unmapped_section(study):
                    raise RowError("", reason)
                yield stage.rows(self.rules, study, **self.options), None
            except RowError as error:
                yield [], {"id": str(row[self.id_column]), "reason": error.reason, "row": row}


class RowFiles(BlockBasedFileDatasink):
    """Writes the results of some rows into files of one name in `rows/` and `rejects/`, each whole or not at all. Ray
    writes the ids of the rows to the file of this name in `checkpoint/` after them."""

    def __init__(self, out: Path, schema: pa.Schema, rows_per_file: int) -> None:
        super().__init__(str(out), min_rows_per_file=rows_per_file)
        self.out, self.schema = out, schema

    def write_block(self, block: Any, block_index: int, ctx: Any) -> None:
        name = self.filename_provider.get_filename_for_task(ctx.kwargs["write_uuid"], ctx.task_idx)
        table = block.to_arrow()
        with without_data():
            rows = [self._cells(json_text.decode(line.encode())) for lines in table[ROWS].to_pylist() for line in lines]
            if rows:
                buffer = BytesIO()
                pq.write_table(pa.Table.from_pylist(rows, self.schema), buffer)
                with WholeFile(self.out / ROWS / f"{name}.parquet") as file:
                    file.write(buffer.getvalue())
            if lines := [line for line in table[REJECTS].to_pylist() if line]:
                with WholeFile(self.out / REJECTS / f"{name}.jsonl") as file:
                    file.write("".join(f"{line}\n" for line in lines))

    def _cells(self, row: Row) -> Row:
        """Texts for lists and objects: every file has the same columns of the same types."""
        if unknown := next((name for name in row if name not in self.schema.names), None):
            raise CxrError(f"the key `{shortened(unknown)}` has no column in OUT: leave it out of INPUT")
        is_text = {field.name: pa.types.is_string(field.type) for field in self.schema}
        return {
            name: json_text.encode(cell).decode()
            if is_text[name] and cell is not None and not isinstance(cell, str)
            else cell
            for name, cell in row.items()
        }


@contextmanager
def as_parquet(source: Path) -> Iterator[None]:
    """CxrError for a folder of which polars cannot read what it is asked for."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = "a file in it is damaged, is no Parquet file, or has other columns: take it out"
        raise CxrError(f"{source}: {reason}") from error


def schema_of(source: Path, work: Work) -> pa.Schema:
    """The columns of all files in `rows/`: numbers and truth values as in INPUT, all else as text."""
    with as_parquet(source):
        types = scan_table(source).collect_schema()
    if films := next((name for name, type_ in types.items() if is_film_type(type_)), None):
        raise CxrError(f"{source}: the column `{films}` holds films: replace it by one of their paths")
    if work.id_column not in types:
        raise CxrError(f"{source}: no column `{work.id_column}`: {mapping_advice(('id',), types) or '--map id=COLUMN'}")
    stage = STAGES[work.stage]
    names = [*types, *(name.partition(".")[0] for name in work.mapping), "images", *stage.columns]
    names += [name for name in stage.on_demand if work.options.get(name)]
    own = ScoredCase.__annotations__
    columns = {name: pa.string() if name in own else _scalar(types.get(name)) for name in names}
    return pa.schema(columns | ({"support": pa.float64()} if "support" in columns else {}))


def _scalar(type_: Any) -> pa.DataType:
    if type_ == pl.Boolean:
        return pa.bool_()
    if type_ in (pl.Float32, pl.Float64):
        return pa.float64()
    return pa.int64() if type_ is not None and type_.is_integer() and type_ != pl.UInt64 else pa.string()


def ids_of(source: Path, column: str) -> pl.Series:
    """The ids of all rows. CxrError: one is missing or doubled, so that a checkpoint of ids cannot say what is done."""
    with as_parquet(source):
        ids = scan_table(source).select(column).collect()[column]
    if ids.null_count():
        missing = f"{ids.null_count()} of {len(ids)} rows have no id in the column `{column}`"
        raise CxrError(f"{source}: {missing}; name another by --map id=COLUMN")
    doubled = ids.filter(ids.is_duplicated())
    if len(doubled):
        raise CxrError(f"{source}: the id {shortened(str(doubled[0]))} is doubled: each must occur once")
    return ids


def done_ids(out: Path, ids: pl.Series) -> pl.Series:
    """Those in the checkpoint, with the type of `ids`."""
    tables = [pl.read_parquet(file)[ids.name].cast(ids.dtype) for file in (out / CHECKPOINT).glob("*.parquet")]
    return pl.concat(tables) if tables else ids.clear()


def open_folder(out: Path, settings: Row) -> OutputLock:
    """Makes the folder, or goes on with it: what an ended run left of files that are not in the checkpoint is removed.

    CxrError: it holds something else, another run writes it, or it was made with other settings.
    """
    if out.exists() and not (out.is_dir() and ((out / SETTINGS).is_file() or not any(out.iterdir()))):
        raise CxrError(f"{out} holds something other than an output of this recipe: name another folder")
    out.mkdir(parents=True, exist_ok=True)
    lock = OutputLock(out / LOCK, out)
    if (out / SETTINGS).is_file():
        old = json.loads((out / SETTINGS).read_text())
        if differing := next((name for name, value in settings.items() if old.get(name) != value), None):
            was = f"{old.get(differing)}, not {settings[differing]}"
            raise CxrError(f"{out} was made with another `{differing}`: {was}; name another folder")
        if missing := next((name for name in FOLDERS if not (out / name).is_dir()), None):
            raise CxrError(f"{out}: the folder {missing} is gone: name another folder, and start anew")
    for name in FOLDERS:
        (out / name).mkdir(exist_ok=True)
    with WholeFile(out / SETTINGS) as file:
        file.write(json.dumps(settings, indent=2) + "\n")
    done = {path.stem for path in (out / CHECKPOINT).iterdir() if path.suffixes == [".parquet"]}
    for path in (path for name in FOLDERS for path in (out / name).iterdir()):
        if path.name.partition(".")[0] not in done or path.suffixes == [".pending", ".parquet"]:
            path.unlink()
    return lock


def check_address(address: str) -> None:
    """CxrError: no Ray answers there; Ray itself would wait for minutes. "auto": the last that `ray start` noted."""
    last = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray", "ray_current_cluster")
    if address == "auto" and last.is_file():
        address = last.read_text().strip()
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        try:
            socket.create_connection((host.rpartition("/")[2], int(port)), timeout=5).close()
        except OSError as error:
            raise _no_ray(address) from error


def _no_ray(address: str) -> CxrError:
    return CxrError(f"no Ray at {address}: start one by `ray start --head`, or name another --address")


def worker_reason(error: BaseException) -> str:
    """The first error in the traceback of a worker, on one line."""
    first = re.search(r"^[\w.]*(Error|Exception|Invalid)\b: .+$", str(error), re.MULTILINE)
    return first[0].removeprefix(f"{CxrError.__module__}.CxrError: ") if first else f"Ray: {type(error).__name__}"


def run_on_ray(source: Path, out: Path, work: Work, schema: pa.Schema, rows_per_file: int, address: str) -> None:
    """By tasks, not by actors: Ray runs the tasks of a dead worker again, and they leave its filter and its reading the
    CPUs that these need."""
    check_address(address)
    logging.getLogger("ray").setLevel(logging.ERROR)
    at_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _no_ray(address) from error
    signal.signal(signal.SIGTERM, at_sigterm)  # Ray has put its own in the place of the tool's
    if (cpus := ray.cluster_resources().get("CPU", 0)) < CPUS:
        raise CxrError(f"the Ray cluster has {cpus:g} CPU: add a node, or start it with --num-cpus {CPUS} or more")
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = sys.stderr.isatty()
    context.use_datasource_v2 = False  # which reads the footer of each file first, by actors that are started for it
    context.checkpoint_config = CheckpointConfig(
        work.id_column, str(out / CHECKPOINT), delete_checkpoint_on_success=False
    )
    try:
        rows = ray.data.read_parquet(str(source)).repartition(target_num_rows_per_block=rows_per_file)
        results = rows.map_batches(work, batch_format="pyarrow", batch_size=rows_per_file)
        results.write_datasink(RowFiles(out, schema, rows_per_file))
    except ray.exceptions.RayError as error:
        raise CxrError(worker_reason(error)) from error


def count_rows(files: Iterable[Path]) -> int:
    return sum(pq.read_metadata(path).num_rows for path in files)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("stage", type=click.Choice([*STAGES]))
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--options", default="{}", metavar="JSON", help="Options of the stage, as in docs/library.md.")
@click.option("--lexicon", metavar="FILE", help="Your own lexicon, as for the commands; all nodes must see it.")
@click.option("--unmentioned", default="normal", show_default=True, help="normal or unknown, as for the commands.")
@mapping
@click.option(
    "--rows-per-file",
    default=2000,
    show_default=True,
    metavar="N",
    help="Rows of INPUT in a task, which writes one file.",
)
@click.option("--address", envvar="RAY_ADDRESS", default="auto", show_default=True, help="Address of the Ray cluster.")
def stage(
    stage: str,
    source: Path,
    out: Path,
    options: str,
    lexicon: str | None,
    unmentioned: Any,
    mapping: dict[str, list[str]],
    rows_per_file: int,
    address: str,
) -> None:
    """Runs STAGE over INPUT, a folder of Parquet files, and writes OUT. All nodes of the cluster must see both."""
    source, out = source.resolve(), out.resolve()
    lexicon = str(Path(lexicon).absolute()) if lexicon else None
    rules = Rules(lexicon, unmentioned)
    work = Work(stage, rules, _checked(stage, rules, options), mapping)
    if not (source.is_dir() and has_parquet(source)):
        raise CxrError(f"{source} is no folder of Parquet files")
    if out.is_relative_to(source):
        raise CxrError(f"{out} lies in INPUT, of which it would become a part: name another folder")
    schema, ids = schema_of(source, work), ids_of(source, work.id_column)
    settings = {
        "stage": stage,
        "input": str(source),
        "options": dict(work.options),
        "lexicon": rules.reader.lexicon.digest,
        "unmentioned": unmentioned,
        "map": mapping,
        "columns": {field.name: str(field.type) for field in schema},
        "version": __version__,
    }
    lock = open_folder(out, settings)
    before = len(done_ids(out, ids))
    if not ids.is_in(done_ids(out, ids).implode()).all():
        run_on_ray(source, out, work, schema, rows_per_file, address)
    done = done_ids(out, ids)
    if done.is_duplicated().any() or not ids.is_in(done.implode()).all():
        raise CxrError(f"{out}: rows are missing or doubled: another run was writing it; remove it, and start anew")
    lock.close()
    rejected = sum(file.read_bytes().count(b"\n") for file in (out / REJECTS).iterdir())
    rows = count_rows((out / ROWS).iterdir())
    earlier = f" ({before} of them by earlier runs)" if before else ""
    note(f"{len(done)} rows in{earlier} -> {rows} rows in {out / ROWS}, {rejected} rejected")
    exit_if_incomplete(rejected)


def _checked(stage: str, rules: Rules, text: str) -> dict[str, Any]:
    """The options as an object. CxrError: the stage does not take them."""
    try:
        options = json.loads(text)
        if not isinstance(options, dict):
            raise ValueError("expected an object")
        STAGES[stage].rows(rules, {"id": "0", "report": "No edema."}, **options)
    except RowError:
        pass  # a stage may need more than this row has
    except (ValueError, TypeError) as error:
        raise CxrError(f"--options: {library_message(error)}") from error
    return options


if __name__ == "__main__":
    main(stage)
