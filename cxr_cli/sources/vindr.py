"""VinDr-CXR 1.0.0 as PhysioNet serves it.

    annotations/image_labels_train.csv      image_id,rad_id,Aortic enlargement,..: a row for each of three readers
    annotations/image_labels_test.csv       image_id,Aortic enlargement,..: the consensus of five readers
    train/000434271f63a053c4128a0ba6352c7f.dicom, test/..

    {"id": "000434271f63a053c4128a0ba6352c7f", "images": ["train/000434271f63a053c4128a0ba6352c7f.dicom"],
     "labels": {"Cardiomegaly": 1, "Nodule/Mass": 0, ..}, "split": "train", "source": "vindr-cxr"}

Nguyen et al. 2022, doi 10.1038/s41597-022-01498-w. A label is what most readers say, -1 where they are split evenly.
The tables name no patients.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import RowError
from cxr_cli.rows import Item
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder, label_values, read_table

VINDR_SPLITS = ("train", "test")
KEY_COLUMNS = ("image_id", "rad_id")
LEXICON_NAMES = {  # columns that have another name in the lexicon; several with the same name make one label
    "Clavicle fracture": "Fracture",
    "Rib fracture": "Fracture",
    "ILD": "Interstitial disease",
    "Lung cavity": "Cavity",
}


def fits(folder: Path) -> bool:
    return any(_image_labels(folder, split).is_file() for split in VINDR_SPLITS)


def _image_labels(folder: Path, split: str) -> Path:
    return folder / "annotations" / f"image_labels_{split}.csv"


def _items(folder: Path) -> Iterator[Item]:
    for split in VINDR_SPLITS:
        if (path := _image_labels(folder, split)).is_file():
            yield from _studies_of_split(path, split)


DATA_SET = DataSet(
    "annotations/image_labels_train.csv or annotations/image_labels_test.csv", fits, in_one_folder(_items)
)


def _studies_of_split(path: Path, split: str) -> Iterator[Item]:
    votes: dict[str, Counter[str]] = {}
    places: dict[str, list[str]] = {}  # image_id -> `path:line` of each reader
    for where, row, reason in read_table(path, ("image_id", "No finding")):
        try:
            if reason is not None:
                raise RowError("", reason)
            labels = label_values(row, (column for column in row if column not in KEY_COLUMNS))
        except RowError as error:
            yield where, row, error.reason
            continue
        present = {LEXICON_NAMES.get(column, column) for column, value in labels.items() if value == 1}
        none_yet = Counter(dict.fromkeys((LEXICON_NAMES.get(column, column) for column in labels), 0))
        votes.setdefault(row["image_id"], none_yet).update(present)
        places.setdefault(row["image_id"], []).append(where)
    for id, counts in votes.items():
        yield (
            places[id][0],
            {
                "id": id,
                "images": [f"{split}/{id}.dicom"],
                "labels": {label: _consensus(count, len(places[id])) for label, count in counts.items()},
                "split": split,
                "source": "vindr-cxr",
            },
            None,
        )


def _consensus(count: int, readers: int) -> int:
    return -1 if 2 * count == readers else int(2 * count > readers)
