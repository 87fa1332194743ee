"""The tables of MIMIC-CXR and MIMIC-CXR-JPG, by study: 227,000 studies with 377,000 films, compact in memory.

    mimic-cxr-2.0.0-metadata.csv.gz    study_id, dicom_id, ViewPosition, StudyDate (21800506), StudyTime (213014.531)
    mimic-cxr-2.0.0-chexpert.csv.gz    study_id, a column a label: 1.0, 0.0, -1.0 or blank; if there is none, ..-negbio
    mimic-cxr-2.0.0-split.csv.gz       study_id, subject_id, split: train, validate or test
    cxr-record-list.csv.gz             study_id, dicom_id: the films, if there is no metadata table

Each may be unpacked (.csv), and each may be missing. cxr-study-list.csv.gz has nothing that the folders do not show.
"""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.sources import chexpert
from cxr_cli.sources.formats.columns import read_columns, table_path

if TYPE_CHECKING:
    import polars as pl

MIMIC_LABELS = tuple(sorted(chexpert.CHEXPERT_LABELS))  # as the tables have them
StudyTime = tuple[int, float]  # (StudyDate, StudyTime)
_UNKNOWN, _LATERAL = 3, 4  # the rank of a view: 0 PA, 1 AP, 2 other frontal ones, 3 unknown, 4 all others


class FilmEntry(NamedTuple):
    """dicom: its id, the name of its file without the suffix."""

    dicom: str
    lateral: bool


class StudyEntry(NamedTuple):
    """What the tables say about a study."""

    time: StudyTime | None = None
    split: str | None = None
    labels: dict[str, int | None] | None = None


class Tables:
    """folders: the first that has a table counts. metadata, labels, split: the paths of these tables, or None.

    Raises CxrError for a damaged table, and for a patient in two splits.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self.metadata, self.split = self._path("mimic-cxr-2*-metadata"), self._path("mimic-cxr-2*-split")
        self.labels = self._path("mimic-cxr-2*-chexpert") or self._path("mimic-cxr-2*-negbio")
        films, dates = self._read_films()
        self._splits = self._read_splits()
        self._films = _ByStudy(films)
        self._entries = _ByStudy(_join_frames(dates, self._splits.drop("subject_id"), self._read_labels()))

    def films(self, study: int) -> list[FilmEntry]:
        """A study's films: PA, AP, other frontal ones, those of unknown view, then the laterals. One of unknown view
        counts as frontal only where no other does."""
        films = self._films.rows(study)
        last = _UNKNOWN if films and films[0][1] == _UNKNOWN else _UNKNOWN - 1
        return [FilmEntry(dicom, rank > last) for dicom, rank in films]

    def entry(self, study: int) -> StudyEntry:
        for date, time, split, labelled, *values in self._entries.rows(study):
            labels = dict(zip(MIMIC_LABELS, values, strict=True)) if labelled else None
            return StudyEntry(None if date is None else (date, time), split, labels)
        return StudyEntry()

    def patients(self, split: str) -> frozenset[int] | None:
        """The patients of a split; None when there is no table of splits. CxrError: there is no such split."""
        if self.split is None:
            return None
        names = sorted(self._splits["split"].unique())
        if split not in names:
            raise CxrError(f"--split: no split `{split}` in {self.split}; there are: {', '.join(names)}")
        return frozenset(self._splits.filter(split=split)["subject_id"])

    def _path(self, name: str) -> Path | None:
        return next(filter(None, (table_path(folder, name) for folder in self._folders)), None)

    def _read_films(self) -> "tuple[pl.DataFrame, pl.DataFrame]":
        """Films by the rank of their view, and the times of studies, which are those of their first films."""
        import polars as pl

        view = pl.col("ViewPosition")
        rank = (
            pl.when(view == "PA").then(0).when(view == "AP").then(1).when(view.str.contains("^(PA|AP) ")).then(2)
            .when(view.fill_null("") == "").then(_UNKNOWN).otherwise(_LATERAL).cast(pl.UInt8).alias("rank")
        )  # fmt: skip
        types = {"study_id": pl.Int32, "dicom_id": pl.String}
        more = {"ViewPosition": pl.String, "StudyDate": pl.Int32, "StudyTime": pl.Float64}
        path = self.metadata or self._path("cxr-record-list")
        films = read_columns(path, types | more if self.metadata else types) if path else pl.DataFrame(schema=types)
        if not self.metadata:
            films = films.with_columns(pl.lit(None, type_).alias(name) for name, type_ in more.items())
        days = films.drop_nulls("StudyDate").select("study_id", "StudyDate", pl.col("StudyTime").fill_null(0))
        first = days.sort("StudyDate", "StudyTime").unique("study_id", keep="first", maintain_order=True)
        return films.select("study_id", "dicom_id", rank).sort("study_id", "rank", "dicom_id"), first

    def _read_splits(self) -> "pl.DataFrame":
        import polars as pl

        types = {"study_id": pl.Int32, "subject_id": pl.Int32, "split": pl.Categorical}
        splits = read_columns(self.split, types) if self.split else pl.DataFrame(schema=types)
        splits = splits.drop_nulls("split").unique()
        patients = splits.select("subject_id", "split").unique()
        if not patients["subject_id"].is_unique().all():
            raise CxrError(f"{self.split}: a patient is in two splits; download the table again")
        return splits

    def _read_labels(self) -> "pl.DataFrame":
        import polars as pl

        types = {"study_id": pl.Int32, **dict.fromkeys(MIMIC_LABELS, pl.Float32)}
        labels = read_columns(self.labels, types) if self.labels else pl.DataFrame(schema=types)
        doubles = labels.unique().filter(pl.col("study_id").is_duplicated())
        if len(doubles):
            raise CxrError(f"{self.labels}: study {doubles['study_id'][0]} has two rows whose labels contradict")
        return labels.select("study_id", pl.lit(True).alias("labelled"), pl.col(MIMIC_LABELS).cast(pl.Int8))


class _ByStudy:
    """The rows of a table, found by their study_id."""

    def __init__(self, frame: "pl.DataFrame") -> None:
        frame = frame.sort("study_id", maintain_order=True)
        self._ids, self._rest = frame["study_id"].to_numpy(), frame.drop("study_id").rechunk()

    def rows(self, study: int) -> list[tuple[Any, ...]]:
        start = bisect_left(self._ids, study)
        end = bisect_left(self._ids, study + 1, start)
        return self._rest.slice(start, end - start).rows() if start < end else []


def _join_frames(*frames: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    table = pl.concat([frame.select("study_id") for frame in frames]).unique()
    for frame in frames:
        table = table.join(frame.unique("study_id"), on="study_id", how="left")
    return table
