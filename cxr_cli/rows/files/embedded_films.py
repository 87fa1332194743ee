"""Films that lie in a table, as `datasets` of Hugging Face saves images: {"bytes": .., "path": ..} in a cell.

A row names such a film by its place, and by a hash of its bytes, so that the same film in another table is the same:

    data/train.parquet#image/12/0:9c1f0a52b7d3e846     in the column `image` of row 12, the first
"""

import re
from functools import lru_cache
from glob import escape
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import polars as pl

_NAME = re.compile(r"(?P<table>.+)#(?P<column>[^#/]+)/(?P<row>\d+)/(?P<index>\d+):(?P<digest>[0-9a-f]{16})")
_ROWS_AT_ONCE = 16  # rows that are read at once, since a model's films are asked for one after the other
_FIELDS = {"bytes", "path"}
_SPLIT_OF_FILE = r"([^/\\]+)-\d{5}-of-\d{5}[^/\\]*\.parquet$"


class EmbeddedFilm(NamedTuple):
    """table: the file or the folder. row: from 1. position: in the cell. digest: of its bytes."""

    table: Path
    column: str
    row: int
    position: int
    digest: str

    def read(self) -> bytes:
        """The film's bytes. FileNotFoundError: the table is not there. ValueError: it holds another film there, or
        cannot be read."""
        start = (self.row - 1) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
        cells = _column_cells(self.table, self.table.stat().st_mtime_ns, self.column, start)
        offset = self.row - 1 - start
        films = film_structs(cells[offset]) if offset < len(cells) else []
        content = films[self.position]["bytes"] if self.position < len(films) else None
        if content is None or film_digest(content) != self.digest:
            raise ValueError("has changed: its table holds another film in this place")
        return bytes(content)


def embedded_film(name: str) -> EmbeddedFilm | None:
    """The film that a row names so; None if it is the path of a file."""
    if "#" not in name or not (match := _NAME.fullmatch(name)):
        return None
    return EmbeddedFilm(Path(match["table"]), match["column"], int(match["row"]), int(match["index"]), match["digest"])


def film_content(name: str) -> str:
    """What tells films apart wherever they lie: of an embedded film its digest, of others the path."""
    film = embedded_film(name)
    return film.digest if film else name


def film_names(cell: Any, table: Path, column: str, row: int) -> Any:
    """The cell of a column of films with names in their place; a film that is not embedded has its path."""
    names = [_name_of(film, f"{table}#{column}/{row}/{index}") for index, film in enumerate(film_structs(cell))]
    return names if isinstance(cell, list) else names[0] if names else None


def scan_table(path: Path) -> "pl.LazyFrame":
    """The rows of a Parquet file, of a folder of them, or of an Arrow file."""
    import polars as pl  # takes a third of a second to import

    if path.suffix.lower() == ".arrow":
        return pl.scan_ipc(path, glob=False)
    if path.is_dir():
        return _scan_folder(path)
    return pl.scan_parquet(path, glob=False)


def _scan_folder(folder: Path) -> "pl.LazyFrame":
    """The rows of all Parquet files in it. Without a column for it, their split is that in the names of the files, as
    on Hugging Face: `data/test-00000-of-00001.parquet`."""
    import polars as pl

    pattern = f"{escape(str(folder))}/**/*.parquet"  # other files may lie there, such as the records of shards
    rows = pl.scan_parquet(pattern, hive_partitioning=True)
    names_split = any(re.search(_SPLIT_OF_FILE, path.name) for path in folder.rglob("*.parquet"))
    if not names_split or "split" in rows.collect_schema():
        return rows
    rows = pl.scan_parquet(pattern, hive_partitioning=True, include_file_paths="split")
    return rows.with_columns(pl.col("split").str.extract(_SPLIT_OF_FILE))


def is_film_type(type_: "pl.DataType") -> bool:
    """Whether a column holds films, or lists of films."""
    import polars as pl

    inner = type_.inner if isinstance(type_, pl.List) else type_
    return isinstance(inner, pl.Struct) and {field.name for field in inner.fields} == _FIELDS


def film_structs(cell: Any) -> list[dict[str, Any]]:
    """The films of a cell."""
    return [film for film in (cell if isinstance(cell, list) else [cell]) if film is not None]


def film_digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def _name_of(film: dict[str, Any], place: str) -> str | None:
    return f"{place}:{film_digest(film['bytes'])}" if film["bytes"] is not None else film["path"]


@lru_cache(2)
def _column_cells(table: Path, state: int, column: str, start: int) -> list[Any]:
    """Of some rows; none if the column holds no films. state: when the table was written, so that a new one is read
    anew. ValueError: it cannot be read."""
    import polars as pl

    rows = scan_table(table)
    try:
        type_ = rows.collect_schema().get(column)
        if type_ is None or not is_film_type(type_):
            return []
        return rows.select(column).slice(start, _ROWS_AT_ONCE).collect()[column].to_list()
    except pl.exceptions.PolarsError as error:
        raise ValueError("lies in a table that cannot be read") from error
