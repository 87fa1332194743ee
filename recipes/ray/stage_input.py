"""INPUT, a folder of Parquet files: its ids, and the columns that the rows made of it have."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from stage_work import STAGES, Work

from cxr_cli.errors import CxrError, shortened
from cxr_cli.records import ScoredCase
from cxr_cli.rows.files.embedded_films import is_film_type, scan_table
from cxr_cli.rows.mapping import mapping_advice


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
