"""CheXpert Plus as it is downloaded: the reports of CheXpert, in sections.

    df_chexpert_plus_240401.csv              a row for each film, with its study's report
    chexbert_labels/impression_fixed.json    labels, a line for each film; may be missing
    PNG/train/patient00001/study1/view1_frontal.png, or DICOM/.., or the JPEGs of CheXpert

    {"id": "patient00001/study1", "patient": "patient00001", "labels": {"Edema": -1, ..}, "split": "train",
     "images": ["PNG/train/patient00001/study1/view1_frontal.png"], "report": "FINDINGS: ..\\nIMPRESSION: ..",
     "prior": {"id": "patient00001/study2", "images": [..], "report": ".."}, "source": "chexpert-plus"}

Chambon et al. 2024, arXiv 2405.19538. The prior is the study before it by `patient_report_date_order`. Labels are those
of the impression, from which CheXpert's own were read; findings_fixed.json calls reports without findings normal.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Item, Row, Source
from cxr_cli.rows.mapping import sections
from cxr_cli.sources import chexpert
from cxr_cli.sources.columns import columns
from cxr_cli.sources.streamed import one_split

SIGNS = "df_chexpert_plus_240401.csv"
_TABLE, _LABELS = "df_chexpert_plus_*.csv", "impression_fixed.json"
_SECTIONS = {"findings": "section_findings", "impression": "section_impression"}
_FORMS = (("PNG/", ".png"), ("DICOM/", ".dcm"))


def fits(folder: Path) -> bool:
    return any(folder.glob(_TABLE))


def find(name: str) -> Source:
    return Source(name, lambda: one_split(_items(Path(name))))


def _items(folder: Path) -> Iterator[Item]:
    studies = Studies(folder)
    for first in studies:
        try:
            study, reason = studies[first], None
        except RowError as error:
            study, reason = {}, error.reason
        yield f"{studies.path}, record {first + 1}", study, reason


class Studies:
    """The studies by the number of their first record. In memory are the paths of films, the splits and the labels."""

    def __init__(self, folder: Path) -> None:
        from cxr_cli.sources.csv_places import Places

        path = max(folder.glob(_TABLE))
        self.path, self._records = path, Places(path)
        kinds = {"path_to_image": str, "deid_patient_id": str, "patient_report_date_order": float, "split": str}
        self._records.need((*kinds, *_SECTIONS.values()))
        index = columns(path, kinds)
        if len(index) != len(self._records):
            raise CxrError(f"{path}: a damaged table: a quote is never closed, or not doubled")
        self._paths = index["path_to_image"].to_list()
        self._splits = index["split"].to_list()
        self._films = _by_study(self._paths)
        orders = index["patient_report_date_order"].to_list()
        self._priors = _priors(self._films, index["deid_patient_id"].to_list(), orders)
        self._labels = _labels(folder)
        self._form, self._ending = next((form for form in _FORMS if (folder / form[0]).is_dir()), ("", ".jpg"))

    def __iter__(self) -> Iterator[int]:
        return iter(self._films)

    def __getitem__(self, first: int) -> Row:
        """A Study row. RowError: its record, or its prior's, is broken."""
        study = self._read(first)
        labels = self._labels.get(self._paths[first])
        if labels is not None:
            whole = (None if label is None else int(label) for label in labels)
            study["labels"] = dict(zip(chexpert.LABELS, whole, strict=True))
        prior = self._priors.get(first)
        if prior is not None:
            before = self._read(prior)
            study["prior"] = {key: before[key] for key in ("id", "images", "report")}
        return study | {"split": self._splits[first], "source": "chexpert-plus"}

    def _read(self, first: int) -> Row:
        record = self._records[first]
        study = chexpert.of_films([self._paths[number] for number in self._films[first]])
        for key in study.keys() & {"images", "laterals"}:
            study[key] = [f"{self._form}{path.removesuffix('.jpg')}{self._ending}" for path in study[key]]
        return study | {"report": sections({name: record[column] for name, column in _SECTIONS.items()})}


def _by_study(paths: Sequence[str | None]) -> dict[int, list[int]]:
    """The number of a study's first film -> those of all its films, which lie in one folder. None: a blank line."""
    firsts: dict[str, int] = {}
    films: dict[int, list[int]] = {}
    for number, path in enumerate(paths):
        if path is not None:
            films.setdefault(firsts.setdefault(path.rpartition("/")[0], number), []).append(number)
    return films


def _priors(films: Iterable[int], patients: Sequence[str], orders: Sequence[float | None]) -> dict[int, int]:
    """A study -> the last before it of its patient, both by the number of their first film."""
    told = sorted((patients[first], order, first) for first in films if (order := orders[first]) is not None)
    pairs = itertools.pairwise(told)
    return {later[2]: before[2] for before, later in pairs if before[0] == later[0] and before[1] < later[1]}


def _labels(folder: Path) -> dict[str, tuple[float | None, ...]]:
    """The path of a film -> its study's labels."""
    path = next((path for place in (folder, *folder.glob("*/")) if (path := place / _LABELS).is_file()), None)
    fields = [(f"label{n}", float | None, msgspec.field(name=name)) for n, name in enumerate(chexpert.LABELS)]
    line = msgspec.json.Decoder(msgspec.defstruct("Line", [("path_to_image", str), *fields]))
    found: dict[str, tuple[float | None, ...]] = {}
    known: dict[tuple[float | None, ...], tuple[float | None, ...]] = {}  # few differ
    for number, text in enumerate(path.open("rb") if path else (), 1):
        try:
            film, *labels = msgspec.structs.astuple(line.decode(text))
        except msgspec.DecodeError as error:
            raise CxrError(f"{path}:{number}: not a film's path with the 14 labels of CheXpert") from error
        found[film] = known.setdefault(tuple(labels), tuple(labels))
    return found
