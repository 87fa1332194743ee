"""What `cxr mine` accepts as INPUT: rows, reports as texts, and the data sets of the field as they are downloaded.

    find("mimic-cxr:/data/mimic-cxr")        # by its name
    find("/data/mimic-cxr")                  # by what lies in the folder

A data set is one module here and one line in LAYOUTS. The module has

    SIGNS = "files/p10/p10000032/.."         # what a folder of it holds, for messages
    def fits(folder: Path) -> bool           # is this one? cheap: looks at a few names
    def find(name: str) -> Source            # its Study rows; name: what stands after the colon, an existing path

and is cheap to import: polars and its like only where they are used.
"""

import re
from importlib import import_module
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows import Source
from cxr_cli.rows.files import reading
from cxr_cli.sources import radrbench
from cxr_cli.sources.texts import text_folder

EXAMPLES = Path(__file__).with_name("examples.jsonl")

LAYOUTS = {
    "mimic-cxr": "cxr_cli.sources.mimic_cxr",
    "chexpert": "cxr_cli.sources.chexpert",
    "chexpert-plus": "cxr_cli.sources.chexpert_plus",
    "ms-cxr-t": "cxr_cli.sources.ms_cxr_t",
    "rsna": "cxr_cli.sources.rsna",
    "siim": "cxr_cli.sources.siim",
    "openi": "cxr_cli.sources.openi",
    "vindr-cxr": "cxr_cli.sources.vindr",
}


def find(name: str) -> Source:
    """The studies that `name` stands for: `examples`, NAME:FOLDER, a folder, a file of rows, or "-".

    `examples` are the studies that come with the package; a folder of that name is `./examples`. A folder that is none
    of the data sets is one of .txt reports. Several folders of one data set are joined by colons.
    """
    if name == "examples":
        return reading.find(str(EXAMPLES))
    if Path(name).is_dir():
        fitting = (layout for layout in map(import_module, LAYOUTS.values()) if layout.fits(Path(name)))
        found: Source = next(fitting, text_folder).find(name)
        return found
    prefix, colon, path = name.partition(":")
    if colon and re.fullmatch(r"[a-z][a-z0-9-]+", prefix) and not Path(name).exists():
        return _of(prefix, path)
    return radrbench.find(name)


def _of(prefix: str, path: str) -> Source:
    if prefix not in LAYOUTS:
        raise CxrError(f"{prefix}: no data set has this name; known are {', '.join(LAYOUTS)}")
    layout = import_module(LAYOUTS[prefix])
    folders = [Path(part) for part in path.split(":")]
    for folder in folders:
        if not folder.exists():
            raise CxrError(f"{prefix}: {folder} does not exist")
    if not any(map(layout.fits, folders)):
        raise CxrError(f"{prefix}: {path} is not it; looked for {layout.SIGNS}")
    found: Source = layout.find(path)
    return found
