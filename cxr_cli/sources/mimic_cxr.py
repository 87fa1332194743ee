"""MIMIC-CXR and MIMIC-CXR-JPG 2.x as PhysioNet serves them (doi 10.13026/4jqj-jw95 and 10.13026/jsn5-t979).

    files/p10/p10000032/s50414267.txt               a report, unpacked from mimic-cxr-reports.zip
    files/p10/p10000032/s50414267/02aa804e-...jpg   its films, or .dcm
    mimic-cxr-2.0.0-metadata.csv.gz                 and more tables, see mimic_tables.py

    {"id": "s50414267", "patient": "p10000032", "images": ["files/p10/p10000032/s50414267/02aa804e-...jpg"],
     "laterals": [..], "report": "..", "prior": {"id": "s53189527", ..}, "split": "train", "labels": {"Edema": -1, ..}}

`mimic-cxr:/data/mimic-cxr:/data/mimic-cxr-jpg` reads reports, films and tables each from the first tree that has them.
A study's films are those in the tables, whether they are on this disk or not; of a study in no table, those in its
folder. Their paths start from the tree. A film whose ViewPosition is blank is in `images` only if the study has no film
of a frontal view. The prior is the patient's last study before this one.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Row, Source, note
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats import text_folder
from cxr_cli.sources.mimic_tables import StudyEntry, StudyTime, Tables

_REPORTS = "mimic-cxr-reports"  # where some unpack the reports
_PATIENT, _STUDY = re.compile(r"p\d+"), re.compile(r"s(\d+)(?:\.txt)?")
_FILM = re.compile(r".+\.(?:jpe?g|dcm)", re.IGNORECASE)
_PROBE_SIZE = 100  # patients whose folders show what kind of files a tree has


def fits(folder: Path) -> bool:
    """Whether the folder has files/p10 to files/p19."""
    return any(next(folder.glob(f"{place}files/p1[0-9]"), None) for place in ("", f"{_REPORTS}/"))


def find(name: str) -> Source:
    """name: a tree, or several joined by colons. Raises CxrError when none of them has reports."""
    folders = [Path(part) for part in name.split(":")]
    trees = [tree / "files" for folder in folders for tree in (folder, folder / _REPORTS) if (tree / "files").is_dir()]
    if next(_probed(trees, "s*.txt"), None) is None:
        raise CxrError(
            f"{name}: no reports, such as files/p10/p10000032/s50414267.txt: unpack {_REPORTS}.zip there, "
            "or name both trees, mimic-cxr:REPORTS:FILMS"
        )
    return Source(
        "mimic-cxr",
        lambda: _Walk(trees, Tables(folders)).items(),
        parts=lambda split: _Walk(trees, Tables(folders)).items(split),
    )


DATA_SET = DataSet("files/p10/p10000032/s50414267.txt", fits, find)


def _probed(trees: Sequence[Path], pattern: str) -> Iterator[Path]:
    patients = (patient for tree in trees for patient in islice(tree.glob("p1?/p*"), _PROBE_SIZE))
    return (path for patient in patients for path in patient.glob(pattern))


class _Walk:
    """Patient by patient through trees of the same layout; of a file that is in several, the first counts."""

    def __init__(self, trees: Sequence[Path], tables: Tables) -> None:
        self._trees, self._tables = trees, tables
        films = (path.suffix for path in _probed(trees, "s*/*") if _FILM.fullmatch(path.name))
        self._suffix = next(films, ".jpg")
        for path, what in (
            (tables.metadata, "metadata: no dates, so no priors; laterals are not told apart"),
            (tables.labels, "labels: answers come from reports alone"),
            (tables.split, "splits"),
        ):
            if path is None:
                note(f"mimic-cxr: no table of {what}")

    def items(self, split: str | None = None) -> Iterator[Item]:
        patients = self._tables.patients(split) if split is not None else None
        for group in sorted(self._entries("")):
            for patient in sorted(filter(_PATIENT.fullmatch, self._entries(group))):
                if patients is None or int(patient[1:]) in patients:
                    yield from self._patient(f"{group}/{patient}")

    def _patient(self, place: str) -> Iterator[Item]:
        """A patient's studies in the order they were taken, undated ones last. place: p10/p10000032."""
        files = self._entries(place)
        numbers = {int(match[1]) for match in map(_STUDY.fullmatch, files) if match}
        entries = {number: self._tables.entry(number) for number in numbers}
        by_time = sorted((entry.time, number) for number, entry in entries.items() if entry.time)
        undated = sorted((None, number) for number, entry in entries.items() if not entry.time)
        priors: list[tuple[StudyTime, dict[str, Any]]] = []
        for time, number in [*by_time, *undated]:
            id = f"s{number}"
            path = files.get(f"{id}.txt")
            report, fault = text_folder.read_text(path) if path else (None, None)
            images, laterals = self._films(place, id)
            row: Row = {"id": id, "patient": place.rpartition("/")[2], "images": images, "report": report}
            row |= {"source": "mimic-cxr"} | self._table_keys(entries[number])
            row |= {"laterals": laterals} if laterals else {}
            if self._tables.metadata:
                row["prior"] = next((prior for earlier, prior in reversed(priors) if time and earlier < time), None)
            if time:
                priors.append((time, {"id": id, "images": images, "report": None if fault else report}))
            row |= _why(row, has_file=path is not None, dated=time is not None)
            yield str(path or files[id]), report if fault else row, fault

    def _table_keys(self, entry: StudyEntry) -> Row:
        """`labels` and `split`; a key without a table is left out."""
        keys: Row = {"labels": entry.labels} if self._tables.labels else {}
        return keys | ({"split": entry.split} if self._tables.split else {})

    def _films(self, place: str, id: str) -> tuple[list[str], list[str]]:
        """Images and laterals: the films in the tables, else those in the study's folder."""
        films = [(f"{dicom}{self._suffix}", lateral) for dicom, lateral in self._tables.films(int(id[1:]))]
        films = films or [(name, False) for name in sorted(filter(_FILM.fullmatch, self._entries(f"{place}/{id}")))]
        paths = [(f"files/{place}/{id}/{name}", lateral) for name, lateral in films]
        return [path for path, lateral in paths if not lateral], [path for path, lateral in paths if lateral]

    def _entries(self, place: str) -> dict[str, Path]:
        """The files and folders in a folder of any tree: name -> path."""
        entries: dict[str, Path] = {}
        for tree in self._trees:
            with suppress(FileNotFoundError, NotADirectoryError):
                entries = {name: tree / place / name for name in os.listdir(tree / place)} | entries
        return entries


def _why(row: Row, *, has_file: bool, dated: bool) -> Row:
    """{"why": ..} with the reasons of what is null; {} if there is none. A first study's lack of a prior needs none."""
    reasons = {
        "report": "the file is empty" if has_file else "there is no file",
        "labels": "not in the table",
        "split": "not in the table",
        **({} if dated else {"prior": "the study has no date"}),
    }
    why = {key: reason for key, reason in reasons.items() if row.get(key, key) is None}
    return {"why": why} if why else {}
