"""CheXpert Plus as it is downloaded: the reports of CheXpert, in sections.

    df_chexpert_plus_240401.csv              a row for each film, with its study's report
    chexbert_labels/impression_fixed.json    labels, a line for each film; may be missing
    PNG/train/patient00001/study1/view1_frontal.png, or DICOM/.., or the JPEGs of CheXpert

    {"id": "patient00001/study1", "patient": "patient00001", "labels": {"Edema": -1, ..}, "split": "train",
     "images": ["PNG/train/patient00001/study1/view1_frontal.png"], "report": "FINDINGS: ..\\nIMPRESSION: ..",
     "prior": {"id": "patient00001/study2", "images": [..], "report": ".."}, "source": "chexpert-plus"}

Chambon et al. 2024, arXiv 2405.19538. The prior is the previous study by `patient_report_date_order`. Labels are those
of the impression, as CheXpert's own are; findings_fixed.json labels reports without findings normal. A study without
sections, and a table without their columns, gives the whole text of the column `report`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Item, Row
from cxr_cli.rows.mapping import join_sections
from cxr_cli.sources import chexpert
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.columns import read_columns
from cxr_cli.sources.formats.data_set_csv import in_one_folder, one_split_per_patient

if TYPE_CHECKING:
    import polars as pl

_TABLE_PATTERN, _LABEL_FILE = "df_chexpert_plus_*.csv", "impression_fixed.json"
_FILM_COLUMNS = {"path_to_image": str, "deid_patient_id": str, "patient_report_date_order": float, "split": str}
_SECTION_COLUMNS = {"findings": "section_findings", "impression": "section_impression"}
_REPORT_COLUMN = "report"  # the whole text, read where a study's sections are blank
_FILM_FOLDERS = (("PNG/", ".png"), ("DICOM/", ".dcm"))


def fits(folder: Path) -> bool:
    return any(folder.glob(_TABLE_PATTERN))


def _items(folder: Path) -> Iterator[Item]:
    return one_split_per_patient(_ReportTable(folder).items())


DATA_SET = DataSet("df_chexpert_plus_240401.csv", fits, in_one_folder(_items))


class _ReportTable:
    """The paths of films and the labels are in memory; a report is read from the file when its study is due."""

    def __init__(self, folder: Path) -> None:
        from cxr_cli.sources.formats.csv_index import CsvIndex

        self._path = max(folder.glob(_TABLE_PATTERN))
        self._records = CsvIndex(self._path)
        whole = _REPORT_COLUMN in self._records.names
        self._records.require(_FILM_COLUMNS if whole else (*_FILM_COLUMNS, *_SECTION_COLUMNS.values()))
        films = read_columns(self._path, _FILM_COLUMNS)
        if len(films) != len(self._records):
            raise CxrError(f"{self._path}: the table is damaged: a quote is never closed, or not doubled")
        self._studies = _labelled(_studies(films), folder)
        self._place = next((place for place in _FILM_FOLDERS if (folder / place[0]).is_dir()), ("", ".jpg"))

    def items(self) -> Iterator[Item]:
        for entry in self._studies.iter_rows(named=True):
            where = f"{self._path}, record {entry['records'][0] + 1}"
            try:
                study = self._films(entry) | {"report": self._report(entry)}
            except RowError as error:
                yield where, {}, error.reason
                continue
            if entry["labelled"]:
                study["labels"] = {name: entry[name] for name in chexpert.CHEXPERT_LABELS}
            if entry["before"] is not None:
                study["prior"] = self._prior(self._studies.row(entry["before"], named=True))
            yield where, study | {"split": entry["split"], "source": "chexpert-plus"}, None

    def _films(self, entry: dict[str, Any]) -> Row:
        """entry: a row of `_studies`."""
        study = chexpert.of_films(entry["paths"])
        for key in study.keys() & {"images", "laterals"}:
            study[key] = [f"{self._place[0]}{path.removesuffix('.jpg')}{self._place[1]}" for path in study[key]]
        return study

    def _report(self, entry: dict[str, Any]) -> str | None:
        record = self._records[entry["records"][0]]
        sections = {name: record.get(column) for name, column in _SECTION_COLUMNS.items()}
        return join_sections(sections) or record.get(_REPORT_COLUMN)

    def _prior(self, entry: dict[str, Any]) -> Row:
        prior = self._films(entry)
        try:
            report = self._report(entry)
        except RowError:  # reported with that study
            report = None
        return {"id": prior["id"], "images": prior["images"], "report": report}


def _studies(films: "pl.DataFrame") -> "pl.DataFrame":
    """One row a study: the `records` and `paths` of its films, all in one folder; its split; the number of the study
    `before` it."""
    import polars as pl

    patient, order = "deid_patient_id", "patient_report_date_order"
    last = pl.col("number", order).shift().over(patient, order_by=order).name.prefix("last_")
    return (
        films.with_row_index("records")
        .drop_nulls("path_to_image")  # a blank line
        .rename({"path_to_image": "paths"})
        .group_by(pl.col("paths").str.replace("/[^/]*$", "").alias("folder"), maintain_order=True)
        .agg("records", "paths", pl.first(patient, order, "split"))
        .with_row_index("number")
        .with_columns(last)
        .with_columns(before=pl.when(pl.col(f"last_{order}") < pl.col(order)).then("last_number"))
    )


def _labelled(studies: "pl.DataFrame", folder: Path) -> "pl.DataFrame":
    """The studies with a column for each label, and whether they are `labelled`."""
    import polars as pl

    path = next((path for place in (folder, *folder.glob("*/")) if (path := place / _LABEL_FILE).is_file()), None)
    if path is None:
        return studies.with_columns(labelled=None)
    kinds = {"path_to_image": pl.String, **dict.fromkeys(chexpert.CHEXPERT_LABELS, pl.Float32)}
    try:
        labels = pl.read_ndjson(path, schema=kinds).with_columns(
            pl.col(chexpert.CHEXPERT_LABELS).cast(pl.Int8), labelled=True
        )
    except pl.exceptions.PolarsError as error:
        raise CxrError(f"{path}: damaged, or not a film's path with the labels of CheXpert on each line") from error
    first = pl.col("paths").list.first()
    return studies.join(labels, left_on=first, right_on="path_to_image", how="left", maintain_order="left")
