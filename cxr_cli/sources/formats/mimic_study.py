"""A study of MIMIC-CXR that another data set names: its id, its film and, where a tree has it, its report."""

from collections.abc import Sequence
from pathlib import Path

from cxr_cli.rows import Row
from cxr_cli.sources.formats import text_folder

_MIMIC_FILM_ENDS = (".dcm", ".jpg", ".png", ".jpeg")


def mimic_study(subject: str, study: str, dicom: str | None, folders: Sequence[Path]) -> tuple[Row, str | None]:
    """`id`, `images` and `report` of a study, and why the report cannot be read; without a tree it is null.

    subject, study: their numbers. dicom: the film's id or its path; None for an unknown film.
    """
    place = f"files/p{subject[:2]}/p{subject}/s{study}"
    path = next((path for folder in folders if (path := folder / f"{place}.txt").is_file()), None)
    report, reason = text_folder.read_text(path) if path else (None, None)
    if dicom is None:
        return {"id": f"s{study}", "images": [], "report": report}, reason
    film = f"{place}/{dicom.rpartition('/')[2]}"
    candidates = [f"{film}{suffix}" for suffix in _MIMIC_FILM_ENDS]
    there = (name for name in candidates if any((folder / name).is_file() for folder in folders))
    return {"id": f"s{study}", "images": [next(there, f"{film}.jpg")], "report": report}, reason
