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
from functools import partial
from pathlib import Path

from cxr_cli.errors import RowError
from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import first_row_of_each_film, in_one_folder, read_table

BOX_TABLE = "stage_2_train_labels.csv"
CLASS_TABLE = "stage_2_detailed_class_info.csv"
NORMAL_CLASS = "Normal"  # the others are "Lung Opacity" and "No Lung Opacity / Not Normal"


def fits(folder: Path) -> bool:
    return (folder / BOX_TABLE).is_file()


def _items(folder: Path) -> Iterator[Item]:
    study = partial(_study, _classes(folder / CLASS_TABLE))
    return first_row_of_each_film(folder / BOX_TABLE, ("patientId", "Target"), study)


DATA_SET = DataSet(BOX_TABLE, fits, in_one_folder(_items))


def _study(classes: dict[str, str], row: Row) -> Row:
    id, target = row["patientId"], row["Target"]
    if target not in ("0", "1"):
        raise RowError("", "column `Target`: neither 0 nor 1")
    normal = {"No Finding": int(classes[id] == NORMAL_CLASS)} if id in classes else {}
    return {
        "id": id,
        "patient": id,
        "images": [f"stage_2_train_images/{id}.dcm"],
        "labels": {"Pneumonia": int(target), **normal},
        "split": "train",
        "source": "rsna",
    }


def _classes(path: Path) -> dict[str, str]:
    rows = read_table(path, ("patientId", "class")) if path.is_file() else ()
    return {row["patientId"]: row["class"] for _, row, reason in rows if reason is None}
