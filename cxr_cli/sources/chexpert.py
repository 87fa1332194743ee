"""CheXpert as it is downloaded: `train.csv` and `valid.csv`, labels without reports.

    Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,..        a row for each film
    CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,..

    {"id": "patient00001/study1", "patient": "patient00001", "labels": {"No Finding": 1, ..}, "split": "train",
     "images": ["train/patient00001/study1/view1_frontal.jpg"], "source": "chexpert"}

Irvin et al. 2019, arXiv 1901.07031. The numbers of a patient's studies are no dates, so no study has a prior.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from cxr_cli.errors import RowError
from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import (
    in_one_folder,
    label_values,
    one_split_per_patient,
    read_table,
    starts_with,
)

CHEXPERT_LABELS = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
CHEXPERT_SPLITS = ("train", "valid")


def fits(folder: Path) -> bool:
    return any(starts_with(folder / f"{split}.csv", b"Path,Sex,Age") for split in CHEXPERT_SPLITS)


def _items(folder: Path) -> Iterator[Item]:
    return one_split_per_patient(_films_by_study(folder))


DATA_SET = DataSet("train.csv or valid.csv, beginning with Path,Sex,Age", fits, in_one_folder(_items))


def _films_by_study(folder: Path) -> Iterator[Item]:
    for path in (folder / f"{split}.csv" for split in CHEXPERT_SPLITS):
        if path.is_file():
            rows = read_table(path, ("Path", *CHEXPERT_LABELS))
            for _, films in groupby(
                rows, _study_folder
            ):  # the rows of a study, one for each film, are next to each other
                yield _study_item(list(films), path.stem)


def _study_folder(item: Item) -> str:
    where, row, reason = item
    return where if reason is not None else str(row["Path"]).rpartition("/")[0]


def _study_item(films: list[Item], split: str) -> Item:
    where, row, reason = films[0]
    if reason is None:
        try:
            study = of_films([film["Path"] or "" for _, film, _ in films])
            if any(film[label] != row[label] for _, film, _ in films for label in CHEXPERT_LABELS):
                raise RowError("", "the labels of its films contradict")
            return (
                where,
                study | {"labels": label_values(row, CHEXPERT_LABELS), "split": split, "source": "chexpert"},
                None,
            )
        except RowError as error:
            reason = error.reason
    return where, row, reason


def of_films(paths: Sequence[str]) -> Row:
    """The id, patient and films of a study. paths: of its films, "CheXpert-v1.0/train/patient00001/study1/view1..jpg".

    Raises RowError for paths of another form.
    """
    names = ["/".join(path.split("/")[-4:]) for path in paths]
    try:
        _, patient, number, _ = names[0].split("/")
    except ValueError:
        raise RowError("", "the path of a film: not like train/patient00001/study1/view1_frontal.jpg") from None
    study: Row = {"id": f"{patient}/{number}", "patient": patient}
    study["images"] = [name for name in names if "_lateral" not in name]
    laterals = [name for name in names if "_lateral" in name]
    return study | {"laterals": laterals} if laterals else study
