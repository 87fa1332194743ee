"""MS-CXR-T 1.0.0 as PhysioNet serves it: how five findings changed between two studies of MIMIC-CXR.

    MS_CXR_T_temporal_image_classification_v1.0.0.csv
        subject_id,study_id,dicom_id,previous_study_id,previous_dicom_id,edema_progression,..
    files/p10/p10000032/s50414267.txt, and s50414267/02aa804e-...jpg or .dcm: reports and films, those of MIMIC-CXR

    {"id": "s50414267-s53189527", "patient": "p10000032", "images": ["files/p10/p10000032/s50414267/02aa804e-...jpg"],
     "changes": {"edema": "improving", "pneumonia": null, ..}, "report": "..", "split": "test", "source": "ms-cxr-t",
     "prior": {"id": "s53189527", "images": [..], "report": ".."}}

`ms-cxr-t:/data/ms-cxr-t:/data/mimic-cxr`: reports from the first tree that has them; without one they are null.
Bannur et al. 2023, doi 10.13026/pg10-j984. A row is a pair of films; a second pair of the same two studies is `..-2`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_cli.rows import Item, Row, Source
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import read_table
from cxr_cli.sources.formats.mimic_study import mimic_study

_TABLE_NAME = "MS_CXR_T_temporal_image_classification_v*"
_CHANGE = "_progression"
PROGRESSION_FINDINGS = ("consolidation", "edema", "pleural_effusion", "pneumonia", "pneumothorax")
IDS = ("subject_id", "study_id", "dicom_id", "previous_study_id", "previous_dicom_id")
PAIR_COLUMNS = (*IDS, *(f"{finding}{_CHANGE}" for finding in PROGRESSION_FINDINGS))


def fits(folder: Path) -> bool:
    return next(folder.glob(f"{_TABLE_NAME}.csv"), None) is not None


def find(name: str) -> Source:
    return Source("ms-cxr-t", lambda: _items([Path(part) for part in name.split(":")]))


DATA_SET = DataSet("MS_CXR_T_temporal_image_classification_v1.0.0.csv", fits, find)


def _items(folders: Sequence[Path]) -> Iterator[Item]:
    path = next(path for folder in folders for path in folder.glob(f"{_TABLE_NAME}.csv"))
    pairs: Counter[str] = Counter()
    for where, row, reason in read_table(path, PAIR_COLUMNS):
        if reason is None and (blank := [column for column in IDS if not row[column]]):
            reason = f"column `{blank[0]}`: blank"
        if reason is None:
            study, reason = _study(row, folders)
            pairs[study["id"]] += 1
            if pairs[study["id"]] > 1:
                study["id"] += f"-{pairs[study['id']]}"
        yield where, row if reason else study, reason


def _study(row: Row, folders: Sequence[Path]) -> tuple[Row, str | None]:
    subject = row["subject_id"]
    study, reason = mimic_study(subject, row["study_id"], row["dicom_id"], folders)
    prior, prior_reason = mimic_study(subject, row["previous_study_id"], row["previous_dicom_id"], folders)
    changes = {finding.replace("_", " "): row[f"{finding}{_CHANGE}"] for finding in PROGRESSION_FINDINGS}
    study |= {"id": f"{study['id']}-{prior['id']}", "patient": f"p{subject}", "changes": changes, "prior": prior}
    return study | {"split": "test", "source": "ms-cxr-t"}, reason or prior_reason
