"""What each module of a data set in this folder defines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cxr_cli.rows import Source


@dataclass(frozen=True)
class DataSet:
    """A data set of the field as it is downloaded.

    signs: what a folder of it holds, for messages. fits: is a folder one? Cheap: it looks at a few names. find: gives
    the Study rows; it takes what stands after the colon of NAME:FOLDER, an existing path or several joined by colons.
    """

    signs: str
    fits: Callable[[Path], bool]
    find: Callable[[str], Source]
