"""`--map id=uid,report=findings+impression`: renames the keys of rows to the names of records.py."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from cxr_cli.errors import CxrError
from cxr_cli.records import Row, ScoredCase
from cxr_cli.rows.fields import NON_TEXT_FIELDS

Names = Mapping[str, Sequence[str]]  # name in records.py -> the columns that make it
OTHER_NAMES = {
    "id": ["uid", "study_id", "image_id", "qid", "question_id", "sample_id", "item_id", "idx", "index", "case_id"],
    "question": ["query", "prompt", "instruction", "problem", "question_text", "input"],
    "prediction": [
        "response",
        "output",
        "pred",
        "completion",
        "model_output",
        "model_response",
        "model_answer",
        "generated_text",
        "generation",
        "generated_answer",
        "predicted",
        "predicted_answer",
        "reply",
        "model_prediction",
        "llm_output",
    ],
    "answer": [
        "gt",
        "target",
        "ground_truth",
        "groundtruth",
        "gold",
        "gt_answer",
        "reference",
        "correct_answer",
        "solution",
        "expected",
        "expected_answer",
        "answer_key",
        "correct",
        "truth",
        "gold_answer",
        "labels_text",
    ],
    "options": ["choices", "candidates", "answer_options"],
    "report": ["report_text", "reference_report", "ground_truth_report", "gt_report"],
}
"""What other tools call the columns that a stage needs, to be suggested in its error."""


def parse(texts: Iterable[str]) -> dict[str, list[str]]:
    """["id=uid,report=findings+impression"] -> {"id": ["uid"], "report": ["findings", "impression"]}.

    Raises ValueError with a message for the user.
    """
    names: dict[str, list[str]] = {}
    for part in ",".join(texts).split(","):
        target, equals, columns = (piece.strip() for piece in part.partition("="))
        sources = [column.strip() for column in columns.split("+")]
        if not (target and equals and all(sources)):
            raise ValueError(f"`{part.strip()}` is not NAME=COLUMN or NAME=COLUMN+COLUMN")
        if target in names:
            raise ValueError(f"`{target}` is named twice")
        names[target] = sources
    for target in names:
        outer, dot, _ = target.partition(".")
        if dot and outer in names:
            raise ValueError(f"`{outer}` is named twice, whole and in part")
    return names


_COLUMN_NAMES = {
    *get_type_hints(ScoredCase),
    *OTHER_NAMES,
    *(name for names in OTHER_NAMES.values() for name in names),
    *("impression", "text", "name", "path", "file", "filename", "study", "date", "sex", "age", "mesh"),
}
_NAME_ENDS = ("_id", "_uid", "_path", "_text", "_name", "_date", "_number", "_label")
_MOST_NAMES = 20  # columns that an error names
_COLUMN_NAME = re.compile(r"[\w/()\[\]#-]{1,40}(?: [\w/()\[\]#-]{1,40}){0,3}")


class Mapper:
    """Renames the keys of the rows of one source.

    `labels.edema=oedema` makes {"labels": {"edema": ..}}, and `images=frontal+lateral` a list of paths. The columns
    stay too, except a text under a name that later stages use for a list or an object: Open-i's column `findings` is
    the text of a section, a Case's `findings` is a list of names.
    """

    def __init__(self, names: Names, source: str, *, table: bool) -> None:
        self._names, self._source, self._table = names, source, table
        self._unseen = {column for columns in names.values() for column in columns}
        self._columns: list[str] | None = None

    def __call__(self, row: Row) -> Row:
        """Raises CxrError when the first row of a table lacks a column, of JSONL all columns of a name."""
        if self._columns is None:
            self._columns = list(row)
            required = all if self._table else any
            for columns in self._names.values():
                if not required(column in row for column in columns):
                    raise self._missing(next(column for column in columns if column not in row))
        if self._unseen:
            self._unseen.difference_update(row)
        present = {name: columns for name, columns in self._names.items() if any(column in row for column in columns)}
        result: Row = {}
        for name, columns in present.items():
            outer, dot, inner = name.partition(".")
            place, key = (result.setdefault(outer, {}), inner) if dot else (result, name)
            place[key] = _paths(row, columns) if key == "images" else _join(row, columns)
        used = {column for columns in self._names.values() for column in columns if column in NON_TEXT_FIELDS}
        rest = {k: v for k, v in row.items() if k not in result and not (k in used and isinstance(v, str | None))}
        return result | rest

    def finish(self) -> None:
        """Raises CxrError for a column that no row has had."""
        if self._columns is not None and self._unseen:
            raise self._missing(min(self._unseen))

    def _missing(self, column: str) -> CxrError:
        columns = self._columns or []
        start = f"--map: {self._source} has no column `{column}`"
        if not (all(map(_COLUMN_NAME.fullmatch, columns)) and _names_columns(columns)):
            return CxrError(f"{start}: does its first line hold the names?")
        more = f" and {len(columns) - _MOST_NAMES} more" if len(columns) > _MOST_NAMES else ""
        return CxrError(f"{start}; it has: {', '.join(columns[:_MOST_NAMES])}{more}")


def _names_columns(columns: Iterable[str]) -> bool:
    """Whether one of them is what a column is called. Else they may be the first row of a table without a header, and
    that row a report: "No acute disease"."""
    names = {column.strip().lower() for column in columns}
    return not names.isdisjoint(_COLUMN_NAMES) or any(name.endswith(_NAME_ENDS) for name in names)


def _paths(row: Row, columns: Sequence[str]) -> Any:
    """The paths in several columns as a list, without blank ones; a list, also as JSON text, stays as it is."""
    values = [row[column] for column in columns if row.get(column)]
    plain = all(isinstance(value, str) and not value.startswith("[") for value in values)
    return values if plain or len(values) != 1 else values[0]


def _join(row: Row, columns: Sequence[str]) -> Any:
    """One column as it is; several as the sections of a report, without blank ones; None when all are blank."""
    if len(columns) == 1:
        return row[columns[0]]
    values = {column: row.get(column) for column in columns}
    for value in values.values():
        if isinstance(value, list | dict):
            return value  # not a text: the check that follows will name the field
    return join_sections(values)


def join_sections(values: Mapping[str, Any]) -> str | None:
    """{"findings": "Clear.", "impression": ""}  ->  "FINDINGS: Clear."; None when all are blank."""
    texts = {name: str(value).strip() for name, value in values.items() if value is not None}
    return "\n".join(f"{name.replace('_', ' ').upper()}: {text}" for name, text in texts.items() if text) or None


def unmapped_section(row: Row) -> str | None:
    """Why a row whose `findings` is a text, a section of a report and no list of names, cannot be used; else None."""
    if not isinstance(row.get("findings"), str):
        return None
    if row.get("report"):
        return "column `findings` is a text, where a list of names belongs: rename the column"
    id_too = "" if "id" in row else mapping_advice(("id",), row).removeprefix("--map ") or "id=COLUMN"
    sections = "+".join(name for name in ("findings", "impression") if name in row)
    advice = ",".join(filter(None, [id_too, f"report={sections}"]))
    return f"column `findings` is a text: if it is a section of the report, --map {advice}; else rename the column"


def mapping_advice(names: Iterable[str], row: Iterable[str]) -> str:
    """ "--map prediction=response,answer=gt": the columns of a row that bear another tool's name for one of these
    names, or the name in other letters: `ID`; "" if there is none."""
    columns = {str(column).strip().lower().replace(" ", "_").replace("-", "_"): str(column) for column in row}
    candidates = (
        (name, next((columns[other] for other in (name, *OTHER_NAMES.get(name, ())) if other in columns), None))
        for name in names
        if name not in columns.values()
    )
    pairs = [f"{name}={column}" for name, column in candidates if column]
    return f"--map {','.join(pairs)}" if pairs else ""
