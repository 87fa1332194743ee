"""A tree in the exact layout of MIMIC-CXR and MIMIC-CXR-JPG, with made-up reports, films, labels and tables.

    python -m tests.sources.mimic_tree TREE 200

`write_tree(folder, 200)` always writes the same 200 studies: 3.5 a patient, as in MIMIC-CXR, 1.6 films a study, reports
of phantoms, and patients in turn for train, train, validate and test.
"""

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from cxr_cli.phantoms import Recipe
from cxr_cli.sources.mimic_tables import MIMIC_LABELS

VERSION = "mimic-cxr-2.0.0"
_STUDIES = (1, 3, 2, 10, 4, 1)  # of a patient
_VIEWS = (("LATERAL", "PA"), ("AP",), ("LL", "", "PA"), ("AP", "AP"), ("AP",), ("LATERAL", "PA"))
_SPLITS = ("train", "train", "validate", "test")
_PHANTOM_FINDINGS = {  # CheXpert's label -> findings of phantoms
    "Atelectasis": ("atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Consolidation": ("consolidation",),
    "Edema": ("edema",),
    "Fracture": ("fracture",),
    "Lung Lesion": ("nodule", "mass"),
    "Pleural Effusion": ("pleural effusion",),
    "Pneumothorax": ("pneumothorax",),
    "Support Devices": ("pacemaker", "endotracheal tube", "central line", "chest tube", "enteric tube"),
}


Labels = dict[str, int | None]


class MadeStudy(NamedTuple):
    """A study to write. films: (dicom_id, view). labels: by CheXpert's names, None for blank."""

    patient: int
    study: int
    split: str
    date: str
    time: float
    report: str
    films: list[tuple[str, str]]
    labels: Labels

    @property
    def place(self) -> str:
        return f"files/p{self.patient // 1_000_000}/p{self.patient}/s{self.study}"


def studies(count: int, *, reports: Iterable[str] = ()) -> Iterator[MadeStudy]:
    """reports: texts to use in turn, without labels, instead of those of phantoms."""
    texts = cycle(reports)
    of_patient, number, patient = cycle(_STUDIES), 0, 0
    while number < count:
        begun = date(2110, 1, 1) + timedelta(days=37 * patient % 20_000)
        for nth in range(min(next(of_patient), count - number)):
            report, labels = next(texts, None), dict.fromkeys(MIMIC_LABELS)
            if report is None:
                report, labels = _phantom(number, follow_up=nth > 0)
            yield MadeStudy(
                10_000_032 + patient * (9_900_000 // count),
                50_000_000 + number * 6_180_339 % 9_999_991,  # not in the order of time
                _SPLITS[patient % len(_SPLITS)],
                (begun + timedelta(days=nth // 2 * 30)).strftime("%Y%m%d"),
                (93_014.531, 171_500.0)[nth % 2],
                report,
                [(_dicom(number, k), view) for k, view in enumerate(_VIEWS[number % len(_VIEWS)])],
                labels,
            )
            number += 1
        patient += 1


def write_tree(
    root: Path, count: int, *, reports: Iterable[str] | None = (), films: str | None = ".jpg", tables: bool = True
) -> list[MadeStudy]:
    """Returns the studies. reports: None writes no reports. films: their suffix; None writes no films."""
    made = []
    for study in studies(count, reports=reports or ()):
        folder = root / study.place
        folder.parent.mkdir(parents=True, exist_ok=True)
        if reports is not None:
            folder.with_suffix(".txt").write_text(study.report)
        if films:
            folder.mkdir()
            for dicom, _ in study.films:
                (folder / f"{dicom}{films}").write_bytes(_pixels(int(dicom[:2], 16)))
        made.append(study)
    if tables:
        write_tables(root, made)
    return made


def write_tables(root: Path, made: Iterable[MadeStudy]) -> None:
    """The tables of both projects, a line for each film or study."""
    made = sorted(made)
    films = [(study, *film) for study in made for film in study.films]
    _table(
        root / f"{VERSION}-metadata.csv.gz",
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
        "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning",
        (
            (d, s.patient, s.study, "CHEST (PA AND LAT)", view, 3056, 2544, s.date, s.time, "", "", "Erect")
            for s, d, view in films
        ),
    )
    splits = ((d, s.study, s.patient, s.split) for s, d, _ in films)
    _table(root / f"{VERSION}-split.csv.gz", "dicom_id,study_id,subject_id,split", splits)
    for labeller in ("chexpert", "negbio"):
        _table(
            root / f"{VERSION}-{labeller}.csv.gz",
            f"subject_id,study_id,{','.join(MIMIC_LABELS)}",
            ((s.patient, s.study, *(_cell(s.labels[name]) for name in MIMIC_LABELS)) for s in made),
        )
    records = ((s.patient, s.study, d, f"{s.place}/{d}.dcm") for s, d, _ in films)
    _table(root / "cxr-record-list.csv.gz", "subject_id,study_id,dicom_id,path", records)
    _table(
        root / "cxr-study-list.csv.gz",
        "subject_id,study_id,path",
        ((s.patient, s.study, f"{s.place}.txt") for s in made),
    )


def _phantom(number: int, *, follow_up: bool) -> tuple[str, Labels]:
    """A phantom's report with the heading and the whitespace of real ones, and its labels as CheXpert has them."""
    row = Recipe(priors=float(follow_up)).study(number).row
    report: str = row["report"]
    there = {
        name for name, findings in _PHANTOM_FINDINGS.items() if any(row["labels"][finding] for finding in findings)
    }
    labels: Labels = {
        name: 1 if name in there else 0 if name.lower() in report.lower() else None for name in MIMIC_LABELS
    }
    if there <= {"Support Devices"}:
        labels["No Finding"] = 1
    for section in ("INDICATION:", "COMPARISON:", "FINDINGS:", "IMPRESSION:"):
        report = report.replace(section, f"\n \n {section} ")
    return f"                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT){report}\n", labels


def _cell(value: int | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _dicom(number: int, film: int) -> str:
    digest = blake2b(f"{number}/{film}".encode(), digest_size=20).hexdigest()
    return "-".join(digest[at : at + 8] for at in range(0, 40, 8))


@cache
def _pixels(gray: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (8, 8), gray).save(file, "JPEG")
    return file.getvalue()


def _table(path: Path, header: str, rows: Iterable[tuple[object, ...]]) -> None:
    with gzip.open(path, "wt", newline="", compresslevel=1) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    write_tree(Path(sys.argv[1]), int(sys.argv[2]))
