"""What the stages accept as INPUT: rows, reports as texts, and the data sets of the field as they are downloaded.

    find("mimic-cxr:/data/mimic-cxr")        # by its name
    find("/data/mimic-cxr")                  # by what lies in the folder

A data set is one module here, or in `question_sets`, that defines `DATA_SET = DataSet(..)`, and one line in SOURCES, in
`data_sets.py`. The module is cheap to import: it imports polars and its like only where they are used.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.records import Study
from cxr_cli.rows import Flow, FlowOptions, Row, Source, note
from cxr_cli.rows.files import reading
from cxr_cli.sources import radrbench
from cxr_cli.sources.data_sets import SOURCES, DataSet
from cxr_cli.sources.formats import text_folder
from cxr_cli.sources.shapes import own_shape
from cxr_cli.suggestions import known_names

EXAMPLES = Path(__file__).with_name("examples.jsonl")


def find(name: str) -> Source:
    """The studies that `name` stands for: `examples`, a folder of .txt reports, or what `find_rows` finds.

    `examples` are the studies that come with the package; a folder of that name is `./examples`.
    """
    if name == "examples":
        return reading.find(str(EXAMPLES))
    if name and Path(name).is_dir() and not has_rows(Path(name)):
        return text_folder.find(name)
    return find_rows(name)


def find_rows(name: str) -> Source:
    """The rows that `name` stands for: NAME:FOLDER, the folder of a data set, a file of rows, or "-".

    Several folders of one data set are joined by colons.
    """
    if name and (names := _data_sets_in(Path(name))):
        first, *others = names
        if others:
            note(f"{name}: read as {first}; it fits {' and '.join(others)} too: to read that, give {others[0]}:{name}")
        data_set: DataSet = SOURCES.load(first)
        return data_set.find(name)
    prefix, colon, path = name.partition(":")
    if colon and re.fullmatch(r"[a-z][a-z0-9-]+", prefix) and not Path(name).exists():
        return _of(prefix, path)
    if name in SOURCES and not Path(name).exists():
        raise CxrError(f"{name}: name its folder too, {name}:FOLDER")
    return radrbench.find(name)


def for_each_row(
    inputs: Sequence[str],
    take: Callable[[Row], None],
    kind: type = Study,
    *,
    mapping: Mapping[str, Sequence[str]] | None = None,
    limit: int | None = None,
) -> None:
    """Hands each row of the inputs that is a `kind` to `take`, and writes nothing.

    A RowError from `take` concerns that row: raise `RowError("", reason)`; its `where` is filled in here.
    """

    def stage(row: Row) -> tuple[()]:
        take(row)
        return ()

    options = FlowOptions(inputs, mapping=mapping or {}, limit=limit)
    Flow(options, find_source=find_rows, shape=own_shape, dry_run=True).run(stage, kind)


def has_rows(folder: Path) -> bool:
    """Whether it is a folder of a data set or of Parquet files."""
    return bool(_data_sets_in(folder)) or reading.has_parquet(folder)


def _data_sets_in(folder: Path) -> list[str]:
    """The names of the data sets whose files lie in it."""
    return [name for name in SOURCES if SOURCES.load(name).fits(folder)] if folder.is_dir() else []


def _of(prefix: str, path: str) -> Source:
    if prefix not in SOURCES:
        raise CxrError(f"{prefix}: no data set has this name{known_names(prefix, SOURCES)}")
    data_set: DataSet = SOURCES.load(prefix)
    folders = [Path(part) for part in path.split(":")]
    for folder in folders:
        if not folder.exists():
            raise CxrError(f"{prefix}: {folder} does not exist")
    if not any(map(data_set.fits, folders)):
        raise CxrError(f"{prefix}: {path} is not recognised: it has no file such as {data_set.signs}")
    return data_set.find(path)
