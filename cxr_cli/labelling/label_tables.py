"""Labelled rows as the tables of other tools, in the columns and the order that their users' scripts read.

Reports,No Finding,Enlarged Cardiomediastinum,..
Small left effusion.,,,..                              1.0, 0.0, -1.0, or blank for a label that is not stated
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cxr_cli.records import Row
from cxr_cli.registry import Registry
from cxr_cli.sources.chexpert import CHEXPERT_LABELS

LABELER_ORDER = (*CHEXPERT_LABELS[:3], "Lung Lesion", "Lung Opacity", *CHEXPERT_LABELS[5:])
CHEXBERT_ORDER = (*CHEXPERT_LABELS[1:], "No Finding")
_MIMIC_ID = re.compile(r"[ps]\d{8}")


@dataclass(frozen=True)
class LabelTable:
    """A table of labels. report: its column of reports; "" for the columns `subject_id` and `study_id` in its place.
    labels: those of the set `chexpert`, in order. renamed: label -> its column, where that has another name."""

    report: str
    labels: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def row(self, row: Row) -> Row:
        """The table's row of a labelled study."""
        first = {self.report: row.get("report")} if self.report else _mimic_ids(row)
        cells = label_cells(row, self.labels)
        return first | {self.renamed.get(label, label): cell for label, cell in cells.items()}


CHEXPERT_TABLE = LabelTable("Reports", LABELER_ORDER)  # stanfordmlgroup/chexpert-labeler: label.py
CHEXBERT_TABLE = LabelTable("Report Impression", CHEXBERT_ORDER)  # stanfordmlgroup/CheXbert: src/label.py
NEGBIO_TABLE = LabelTable(
    "Reports", LABELER_ORDER, {"Lung Opacity": "Airspace Opacity"}
)  # ncbi-nlp/NegBio: negbio/chexpert
MIMIC_TABLE = LabelTable("", tuple(sorted(LABELER_ORDER)))  # mimic-cxr-2.0.0-chexpert.csv.gz

LABEL_TABLES = Registry(  # name -> a LabelTable
    {
        "chexpert": "cxr_cli.labelling.label_tables:CHEXPERT_TABLE",
        "chexbert": "cxr_cli.labelling.label_tables:CHEXBERT_TABLE",
        "negbio": "cxr_cli.labelling.label_tables:NEGBIO_TABLE",
        "mimic": "cxr_cli.labelling.label_tables:MIMIC_TABLE",
    }
)


def label_table(name: str) -> LabelTable:
    """The table of this name in LABEL_TABLES."""
    table: LabelTable = LABEL_TABLES.load(name)
    return table


def flat_row(row: Row, labels: Iterable[str]) -> Row:
    """A row for a CSV file: a column for each label, in place of the object `labels`."""
    return {key: value for key, value in row.items() if key != "labels"} | label_cells(row, labels)


def label_cells(row: Mapping[str, Any], labels: Iterable[str]) -> dict[str, float | None]:
    """{"labels": {"Edema": 0}}, ["Edema", "Fracture"]  ->  {"Edema": 0.0, "Fracture": None}."""
    values = row["labels"] or {}
    return {label: None if (value := values.get(label)) is None else float(value) for label in labels}


def _mimic_ids(row: Mapping[str, Any]) -> Row:
    """MIMIC's numbers, from its columns or from the names of the source: p10000032, s50414267."""
    ids = row.get("subject_id", row.get("patient")), row.get("study_id", row["id"])
    numbers = [int(id[1:]) if isinstance(id, str) and _MIMIC_ID.fullmatch(id) else id for id in ids]
    return dict(zip(("subject_id", "study_id"), numbers, strict=True))
