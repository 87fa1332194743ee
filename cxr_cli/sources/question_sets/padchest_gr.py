"""PadChest-GR as BIMCV serves it: reports whose sentences have boxes on the film.

    grounded_reports_20240819.json
        [{"StudyID": "..", "ImageID": "..png", "PreviousStudyID": "..", "PreviousImageID": "..", "findings": [
          {"sentence_en": "..", "sentence_es": "..", "abnormal": true, "boxes": [[0.1, 0.2, 0.3, 0.5]],
           "extra_boxes": [], "labels": ["nodule"], "locations": [".."], "progression": "stable"}, ..]}, ..]
    master_table.csv            StudyID,..,PatientID,split,..: a row for each sentence; may be missing
    Padchest_GR_files/..png     in any folder

    {"id": "..", "patient": "..", "images": ["Padchest_GR_files/..png"], "report": "..", "split": "train",
     "steps": [{"text": "..", "boxes": [[0.1, 0.2, 0.3, 0.5]], "labels": ["nodule"], ..}, ..], "boxes": [[..], ..],
     "changes": {"nodule": "stable"}, "prior": {"id": "..", "images": [..]}, "source": "padchest-gr"}

Castro et al. 2024, arXiv 2411.05085: 4,555 studies with 7,037 positive and 3,422 negative sentences. The report is the
sentences in English; a box is [left, top, right, bottom], in parts of the film's width and height.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NotRequired, TypedDict

from cxr_cli.records import Id
from cxr_cli.rows import Item, Row, note
from cxr_cli.rows.validation import check_row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import find_films, in_one_folder, read_table
from cxr_cli.sources.formats.json_members import json_members
from cxr_cli.sources.question_sets.own_keys import with_own_keys

_GROUNDED_REPORTS, _MASTER_TABLE, _FILM_FOLDER = "grounded_reports_*.json", "master_table.csv", "Padchest_GR_files"
_PADCHEST_RENAMED = ("StudyID", "ImageID", "PreviousStudyID", "PreviousImageID", "findings")
_PROGRESSIONS = {"wors": "worsening", "increas": "worsening", "new": "worsening", "stab": "stable", "unchang": "stable"}
_PROGRESSIONS |= {"improv": "improving", "decreas": "improving", "resol": "improving"}  # how one begins -> its course


class GroundedSentence(TypedDict, total=False):
    """A sentence of a report, and what is read of it."""

    sentence_en: str | None
    labels: list[str] | None
    boxes: list[list[float]] | None
    extra_boxes: list[list[float]] | None
    progression: str | None


class GroundedReport(TypedDict):
    """A study, and what is read of it."""

    StudyID: Id
    ImageID: Id
    PreviousStudyID: NotRequired[str | None]
    PreviousImageID: NotRequired[str | None]
    findings: NotRequired[list[GroundedSentence] | None]


def fits(folder: Path) -> bool:
    return next(folder.glob(_GROUNDED_REPORTS), None) is not None


def _items(folder: Path) -> Iterator[Item]:
    patients, films = _patients(folder), find_films(folder)
    for where, _, item, reason in json_members(max(folder.glob(_GROUNDED_REPORTS))):
        if reason is None:
            reason = check_row(item, GroundedReport) if isinstance(item, dict) else "not an object"
        yield where, item if reason else _study(item, films) | patients.get(item["StudyID"], {}), reason


DATA_SET = DataSet("grounded_reports_20240819.json", fits, in_one_folder(_items))


def _patients(folder: Path) -> dict[str, Row]:
    """Id of a study -> its patient and its split."""
    places = (folder / _MASTER_TABLE, folder / _MASTER_TABLE / _MASTER_TABLE)  # as some programs unpack it
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        note(f"{folder}: without {_MASTER_TABLE} the studies have no patients and no splits")
    rows = read_table(path, ("StudyID", "PatientID", "split")) if path else ()
    return {
        row["StudyID"]: {"patient": row["PatientID"], "split": row["split"]}
        for _, row, reason in rows
        if reason is None
    }


def _study(item: Row, films: dict[str, str]) -> Row:
    sentences = [sentence for sentence in item.get("findings") or () if (sentence.get("sentence_en") or "").strip()]
    steps = [_grounded_step(sentence) for sentence in sentences]
    study: Row = {
        "id": item["StudyID"],
        "images": [_film(item["ImageID"], films)],
        "report": " ".join(map(_with_full_stop, (step["text"] for step in steps))) or None,
        "changes": _study_changes(sentences),
        "steps": steps,
        "boxes": [box for step in steps for box in step.get("boxes", ())],
        "source": "padchest-gr",
    }
    if item.get("PreviousStudyID"):
        image = item.get("PreviousImageID")
        study["prior"] = {"id": item["PreviousStudyID"], "images": [_film(image, films)] if image else []}
    return with_own_keys(study, item, _PADCHEST_RENAMED)


def _with_full_stop(sentence: str) -> str:
    """The sentence with a full stop if it has no mark at its end, so that the next one is another sentence."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _grounded_step(sentence: Row) -> Row:
    """All keys of the sentence stay, except empty ones."""
    keys = {key: value for key, value in sentence.items() if value or value is False}
    return with_own_keys({"text": sentence["sentence_en"].strip()}, keys, ("sentence_en",))


def _study_changes(sentences: list[Row]) -> dict[str, str]:
    """Finding -> its course; a finding whose sentences disagree has none."""
    changes: dict[str, set[str]] = {}
    for sentence in sentences:
        progression = str(sentence.get("progression") or "").lower()
        course = next((course for start, course in _PROGRESSIONS.items() if progression.startswith(start)), None)
        for label in sentence.get("labels") or () if course else ():
            changes.setdefault(label, set()).add(str(course))
    return {label: courses.pop() for label, courses in changes.items() if len(courses) == 1}


def _film(name: str, films: dict[str, str]) -> str:
    return films.get(name.rpartition(".")[0], f"{_FILM_FOLDER}/{name}")
