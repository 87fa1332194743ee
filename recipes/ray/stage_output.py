"""OUT: the folder of a run, which the next goes on with, and the files in it."""

import json
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from ray.data.datasource import BlockBasedFileDatasink
from stage_work import REJECTS, ROWS, without_data

from cxr_cli.errors import CxrError, shortened
from cxr_cli.records import Row
from cxr_cli.rows.files import json_text
from cxr_cli.rows.output.output_lock import OutputLock
from cxr_cli.rows.output.writing import WholeFile

CHECKPOINT = "checkpoint"
FOLDERS = ROWS, REJECTS, CHECKPOINT
SETTINGS, LOCK = "stage.json", "lock"


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


def done_ids(out: Path, ids: pl.Series) -> pl.Series:
    """Those in the checkpoint, with the type of `ids`."""
    tables = [pl.read_parquet(file)[ids.name].cast(ids.dtype) for file in (out / CHECKPOINT).glob("*.parquet")]
    return pl.concat(tables) if tables else ids.clear()


def count_rows(files: Iterable[Path]) -> int:
    return sum(pq.read_metadata(path).num_rows for path in files)


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
