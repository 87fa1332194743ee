"""The RSNA Pneumonia Detection Challenge as it is downloaded from Kaggle, stage 2.

    stage_2_train_labels.csv            patientId,x,y,width,height,Target: a row for each box
    stage_2_detailed_class_info.csv     patientId,class; may be missing
    stage_2_train_images/0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm

    {"id": "0004cfab-14fd-4e49-80ba-63a80b6bddd6", "patient": the same, "images": ["stage_2_train_images/0004..dcm"],
     "labels": {"Pneumonia": 0, "No Finding": 0}, "split": "train", "source": "rsna"}

Shih et al. 2019, doi 10.1148/ryai.2019180041. A box is an opacity that readers took for pneumonia. The films come from
NIH ChestX-ray14; some of its patients have several films here, each as a patient of its own.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row, Source
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.tables.data_set_csv import read_table, single_folder

SIGNS = "stage_2_train_labels.csv"
CLASSES = "stage_2_detailed_class_info.csv"
NORMAL = "Normal"  # the others are "Lung Opacity" and "No Lung Opacity / Not Normal"


def fits(folder: Path) -> bool:
    return (folder / SIGNS).is_file()


def find(name: str) -> Source:
    folder = single_folder(name)
    return Source(name, lambda: _items(folder))


DATA_SET = DataSet(SIGNS, fits, find)


def _items(folder: Path) -> Iterator[Item]:
    seen: set[str] = set()
    classes = _classes(folder / CLASSES)
    for where, row, reason in read_table(folder / SIGNS, ("patientId", "Target")):
        if reason is None and row["Target"] not in ("0", "1"):
            reason = "column `Target`: neither 0 nor 1"
        if reason is not None:
            yield where, row, reason
        elif row["patientId"] not in seen:  # further rows are further boxes of the same film
            seen.add(row["patientId"])
            yield where, _study(row["patientId"], int(row["Target"]), classes), None


def _study(id: str, target: int, classes: dict[str, str]) -> Row:
    normal = {"No Finding": int(classes[id] == NORMAL)} if id in classes else {}
    return {
        "id": id,
        "patient": id,
        "images": [f"stage_2_train_images/{id}.dcm"],
        "labels": {"Pneumonia": target, **normal},
        "split": "train",
        "source": "rsna",
    }


def _classes(path: Path) -> dict[str, str]:
    rows = read_table(path, ("patientId", "class")) if path.is_file() else ()
    return {row["patientId"]: row["class"] for _, row, reason in rows if reason is None}
