"""Labels that people or another tool gave, to compare ours with."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.errors import CxrError, RowError
from cxr_cli.findings import Lexicon
from cxr_cli.labelling.label_tables import LABEL_TABLES, label_table
from cxr_cli.labelling.labeller import Labels
from cxr_cli.rows import Row, Source
from cxr_cli.sources.formats.data_set_csv import label_values


class Gold:
    """The labels of a file, by id.

    names: the labels of ours that it has. missing: those that it lacks. unused: how many of its rows no report had.
    has_blanks: does it leave any label open?

    A label has a column, or stands in `labels`; its name may be in any case, or another one of the same finding. The id
    is the column `id`, or the one that `id_column` names, or MIMIC-CXR's `study_id`, else the first column.
    """

    def __init__(self, source: Source, names: Sequence[str], lexicon: Lexicon, id_column: str | None = None) -> None:
        """CxrError: it has none of the labels, or no row. RowError: a broken row, or a value that is no label."""
        self._labels: dict[str, Labels] = {}
        self._used: set[str] = set()
        columns: dict[str, str] = {}
        for where, row, reason in source.items():
            if reason is not None:
                raise RowError(where, reason)
            cells = row | row["labels"] if isinstance(row.get("labels"), dict) else row
            if not self._labels:
                id_name = next((name for name in ("id", id_column, "study_id") if name in row), next(iter(row)))
                columns = _columns(names, [name for name in cells if name != id_name], lexicon)
                if not columns:
                    raise CxrError(f"--gold: {source.name} has no column for any label: {', '.join(names)}")
            id = str(row.get(id_name) or "")
            if not id or id in self._labels:
                raise RowError(where, f"column `{id_name}`: {'doubled' if id else 'blank'}")
            try:
                self._labels[id] = _labels(cells, columns)
            except RowError as error:
                raise RowError(where, error.reason) from None
        if not self._labels:
            raise CxrError(f"--gold: no rows in {source.name}")
        self.has_blanks = any(None in labels.values() for labels in self._labels.values())
        self.names = list(columns)
        self.missing = [name for name in names if name not in columns]

    def labels(self, row: Row) -> Labels | None:
        """Those of a study, by its `id`, or MIMIC-CXR's number of it; None if there are none."""
        for id in (row["id"], row["id"].removeprefix("s"), str(row.get("study_id"))):
            if id in self._labels:
                self._used.add(id)
                return self._labels[id]
        return None

    @property
    def unused(self) -> int:
        return len(self._labels) - len(self._used)


def _columns(names: Sequence[str], columns: Sequence[str], lexicon: Lexicon) -> dict[str, str]:
    """Label -> its column: of the same name, else of the same finding."""
    by_label = {}
    for name in names:
        same = [column for column in columns if column.lower() == name.lower()]
        same += [column for column in columns if column in _others(name)]
        same += [column for column in columns if lexicon.find(column) == (lexicon.find(name) or "")]
        if same:
            by_label[name] = same[0]
    return by_label


def _others(name: str) -> set[str]:
    """What the tables of other tools call the label."""
    return {table.renamed[name] for table in map(label_table, LABEL_TABLES) if name in table.renamed}


def _labels(cells: Mapping[str, Any], columns: Mapping[str, str]) -> Labels:
    """RowError: a cell that holds none of 1, 0, -1 and null."""
    texts = {column: cells.get(column) for column in columns.values()}
    values = label_values({c: None if v is None else str(v) for c, v in texts.items()}, texts)
    return {name: values[column] for name, column in columns.items()}
