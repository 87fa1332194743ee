"""Medical-Diff-VQA 1.0.0, or MIMIC-Diff-VQA, as PhysioNet serves it: questions on the changes between two studies.

    mimic_pair_questions.csv     study_id,subject_id,ref_id,question_type,question,answer,split
    mimic_all.csv                subject_id,study_id,..,dicom_id,view,split,..: the film of each study
    files/p10/p10000032/s50414267.txt, and s50414267/02aa804e-...jpg or .dcm: reports and films, those of MIMIC-CXR

    {"id": "mimic_pair_questions/2", "patient": "p10000032", "task": "temporal", "question": "what has changed ..?",
     "answer": "the main image has an additional finding of ..", "images": ["files/p10/p10000032/s50414267/02..jpg"],
     "prior": {"id": "s53189527", "images": [..], "report": ".."}, "report": "..", "split": "train",
     "source": "mimic-diff-vqa", "question_type": "difference", "study_id": "50414267", ..}

`mimic-diff-vqa:/data/medical-diff-vqa:/data/mimic-cxr`: reports from the first tree that has them; without one they are
null. Hu et al. 2023, doi 10.1145/3580305.3599819: 700,703 questions on 164,324 pairs of studies. The other six types of
question are about the main study alone, and have no prior.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_cli.rows import Item, Row, Source
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.columns import read_columns
from cxr_cli.sources.formats.data_set_csv import read_table
from cxr_cli.sources.formats.mimic_study import mimic_study
from cxr_cli.sources.question_sets.own_keys import with_own_keys

_PAIR_TABLE, _FILM_TABLE = "mimic_pair_questions.csv", "mimic_all.csv"
_STUDY_COLUMNS = ("study_id", "subject_id")
PAIR_QUESTION_COLUMNS = (*_STUDY_COLUMNS, "ref_id", "question_type", "question", "answer", "split")


def fits(folder: Path) -> bool:
    return (folder / _PAIR_TABLE).is_file()


def find(name: str) -> Source:
    return Source("mimic-diff-vqa", lambda: _items([Path(part) for part in name.split(":")]))


DATA_SET = DataSet(_PAIR_TABLE, fits, find)


def _items(folders: Sequence[Path]) -> Iterator[Item]:
    path = next(folder / _PAIR_TABLE for folder in folders if fits(folder))
    films = _film_of_study(path.with_name(_FILM_TABLE))
    for where, row, reason in read_table(path, PAIR_QUESTION_COLUMNS):
        if reason is None and (blank := [column for column in _STUDY_COLUMNS if not row[column]]):
            reason = f"column `{blank[0]}`: blank"
        if reason is None:
            case, reason = _case(row, films, folders)
            case["id"] = f"{path.stem}/{where.rpartition(':')[2]}"
        yield where, row if reason else case, reason


def _film_of_study(path: Path) -> dict[int, str]:
    """Number of a study -> the id of its film; empty if the table is not there."""
    if not path.is_file():
        return {}
    import polars as pl

    table = read_columns(path, {"study_id": pl.Int64, "dicom_id": pl.String})
    return dict(zip(table["study_id"], table["dicom_id"], strict=True))


def _case(row: Row, films: dict[int, str], folders: Sequence[Path]) -> tuple[Row, str | None]:
    def half(column: str) -> tuple[Row, str | None]:
        number = row[column].removesuffix(".0")
        return mimic_study(row["subject_id"], number, films.get(int(number)) if number.isdecimal() else None, folders)

    study, reason = half("study_id")
    case = study | {"patient": f"p{row['subject_id']}", "question": row["question"], "answer": row["answer"]}
    if row["question_type"] == "difference" and row["ref_id"]:
        case["prior"], prior_reason = half("ref_id")
        case["task"], reason = "temporal", reason or prior_reason
    case |= {"split": row["split"], "source": "mimic-diff-vqa"}
    return with_own_keys(case, row, ()), reason
