"""The SIIM-ACR Pneumothorax Segmentation challenge as it is downloaded.

    train-rle.csv                               ImageId, EncodedPixels: a row for each mask, -1 for none
    dicom-images-train/STUDY/SERIES/ID.dcm      or ID.png, in any folder

    {"id": "1.2.276.0.7230010.3.1.4.8323329.1000..", "images": ["dicom-images-train/../ID.dcm"],
     "labels": {"Pneumothorax": 1}, "split": "train", "source": "siim"}

Kaggle's stage_2_train.csv with stage_2_images/ID.dcm is supported too. The tables name no patients.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cxr_cli.errors import RowError
from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import find_films, first_row_of_each_film, in_one_folder

MASK_TABLES = ("train-rle.csv", "stage_2_train.csv")


def fits(folder: Path) -> bool:
    return any((folder / table).is_file() for table in MASK_TABLES)


def _items(folder: Path) -> Iterator[Item]:
    path = next(path for table in MASK_TABLES if (path := folder / table).is_file())
    return first_row_of_each_film(path, ("ImageId", "EncodedPixels"), partial(_study, find_films(folder)))


DATA_SET = DataSet(" or ".join(MASK_TABLES), fits, in_one_folder(_items))


def _study(films: dict[str, str], row: Row) -> Row:
    id, mask = row["ImageId"], (row["EncodedPixels"] or "").strip()
    if not mask:
        raise RowError("", "column `EncodedPixels`: blank; no mask is -1")
    film = films.get(id)
    images: Row = {"images": [film]} if film else {"images": [], "why": {"images": "no film of this name"}}
    return {"id": id, **images, "labels": {"Pneumothorax": int(mask != "-1")}, "split": "train", "source": "siim"}
