"""The SIIM-ACR Pneumothorax Segmentation challenge as it is downloaded.

    train-rle.csv                               ImageId, EncodedPixels: a row for each mask, -1 for none
    dicom-images-train/STUDY/SERIES/ID.dcm      or ID.png, in any folder

    {"id": "1.2.276.0.7230010.3.1.4.8323329.1000..", "images": ["dicom-images-train/../ID.dcm"],
     "labels": {"Pneumothorax": 1}, "split": "train", "source": "siim"}

Kaggle's stage_2_train.csv with stage_2_images/ID.dcm is supported too. The tables name no patients.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row, Source
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.tables.data_set_csv import find_films, read_table, single_folder

TABLES = ("train-rle.csv", "stage_2_train.csv")
SIGNS = " or ".join(TABLES)


def fits(folder: Path) -> bool:
    return any((folder / table).is_file() for table in TABLES)


def find(name: str) -> Source:
    folder = single_folder(name)
    return Source(name, lambda: _items(folder))


DATA_SET = DataSet(SIGNS, fits, find)


def _items(folder: Path) -> Iterator[Item]:
    seen: set[str] = set()
    paths = find_films(folder)
    path = next(path for table in TABLES if (path := folder / table).is_file())
    for where, row, reason in read_table(path, ("ImageId", "EncodedPixels")):
        id, mask = ("", "") if reason else (row["ImageId"], (row["EncodedPixels"] or "").strip())
        if reason is None and not mask:
            reason = "column `EncodedPixels`: blank; no mask is -1"
        if reason is not None:
            yield where, row, reason
        elif id not in seen:  # further rows are further masks of the same film
            seen.add(id)
            yield where, _study(id, mask, paths.get(id)), None


def _study(id: str, mask: str, film: str | None) -> Row:
    images: Row = {"images": [film]} if film else {"images": [], "why": {"images": "no film of this name"}}
    return {"id": id, **images, "labels": {"Pneumothorax": int(mask != "-1")}, "split": "train", "source": "siim"}
