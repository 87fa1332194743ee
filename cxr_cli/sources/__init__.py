"""What `cxr mine` accepts as INPUT: rows, reports as texts, and the data sets of the field as they are downloaded.

    find("mimic-cxr:/data/mimic-cxr")        # by its name
    find("/data/mimic-cxr")                  # by what lies in the folder

A data set is one module here that defines `DATA_SET = DataSet(..)`, and one line in SOURCES, in `data_sets.py`. The
module is cheap to import: it imports polars and its like only where they are used.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Source
from cxr_cli.rows.files import reading
from cxr_cli.sources import radrbench
from cxr_cli.sources.data_sets import SOURCES, DataSet
from cxr_cli.sources.formats import text_folder
from cxr_cli.suggestions import known_names

EXAMPLES = Path(__file__).with_name("examples.jsonl")


def find(name: str) -> Source:
    """The studies that `name` stands for: `examples`, NAME:FOLDER, a folder, a file of rows, or "-".

    `examples` are the studies that come with the package; a folder of that name is `./examples`. A folder that is none
    of the data sets is one of .txt reports. Several folders of one data set are joined by colons.
    """
    if name == "examples":
        return reading.find(str(EXAMPLES))
    if name and Path(name).is_dir():
        data_sets: Iterator[DataSet] = map(SOURCES.load, SOURCES)
        fitting = (data_set.find for data_set in data_sets if data_set.fits(Path(name)))
        rows = reading.find if reading.has_parquet(Path(name)) else text_folder.find
        return next(fitting, rows)(name)
    prefix, colon, path = name.partition(":")
    if colon and re.fullmatch(r"[a-z][a-z0-9-]+", prefix) and not Path(name).exists():
        return _of(prefix, path)
    if name in SOURCES and not Path(name).exists():
        raise CxrError(f"{name}: name its folder too, {name}:FOLDER")
    return radrbench.find(name)


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
