"""ReXVQA as it lies on Hugging Face, rajpurkarlab/ReXVQA, with the films of ReXGradient-160K beside it.

    metadata/train_vqa_data.json      and valid, test: an object, each question under its id
        "q1": {"question": "Which finding ..?", "options": ["A. Edema", "B. Nodule"], "correct_answer": "B",
               "correct_answer_explanation": "..", "task_name": "presence_assessment", "category": "..",
               "PatientID": "..", "Findings": "..", "Impression": "..", "Indication": "..",
               "ImagePath": ["../deid_png/P/A/studies/../1.png", ..], "ImageViewPosition": ["PA", "LATERAL"]}
    deid_png/                         unpacked from deid_png.part00 and the others

    {"id": "q1", "task": "presence_assessment", "question": "Which finding ..?", "options": ["Edema", "Nodule"],
     "answer": "Nodule", "report": "FINDINGS: ..\\nIMPRESSION: ..", "steps": ["..", ".."], "indication": "..",
     "images": ["deid_png/P/A/studies/../1.png"], "laterals": [..], "split": "train", "source": "rexvqa",
     "category": "..", ..}

Pal et al. 2025, arXiv 2506.04353: about 696,000 questions on 160,000 studies. The steps are the sentences of the
explanation, so that RadRScore can be computed from the start. If all films of a study are laterals, they are `images`:
the question is about them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from cxr_cli.answers.steps import split_text
from cxr_cli.rows import Item, Row
from cxr_cli.rows.mapping import join_sections
from cxr_cli.rows.validation import check_row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder
from cxr_cli.sources.formats.json_members import json_members
from cxr_cli.sources.question_sets.own_keys import with_own_keys

REXVQA_SPLITS = ("train", "valid", "test")
_FILMS_PLACE = "deid_png/"
_REXVQA_RENAMED = {"PatientID", "task_name", "correct_answer", "Findings", "Impression", "correct_answer_explanation"}
_REXVQA_RENAMED |= {"Indication", "ImagePath", "ImageViewPosition"}


class RexvqaItem(TypedDict):
    """What is read of an item."""

    question: str
    ImagePath: NotRequired[str | list[str] | None]
    correct_answer_explanation: NotRequired[str | None]
    Findings: NotRequired[str | None]
    Impression: NotRequired[str | None]


def fits(folder: Path) -> bool:
    return any(_metadata(folder, split).is_file() for split in REXVQA_SPLITS)


def _metadata(folder: Path, split: str) -> Path:
    return folder / "metadata" / f"{split}_vqa_data.json"


def _items(folder: Path) -> Iterator[Item]:
    for split in REXVQA_SPLITS:
        if (path := _metadata(folder, split)).is_file():
            for where, id, item, reason in json_members(path):
                if reason is None and not (id and isinstance(item, dict)):
                    reason = "no question under an id"
                reason = reason or check_row(item, RexvqaItem)
                yield where, item if reason else _case(str(id), item, split), reason


DATA_SET = DataSet("metadata/test_vqa_data.json", fits, in_one_folder(_items))


def _case(id: str, item: Row, split: str) -> Row:
    frontals, laterals = _frontals_and_laterals(item)
    case = {
        "id": id,
        "patient": item.get("PatientID"),
        "task": item.get("task_name"),
        "question": item.get("question"),
        "options": item.get("options") or [],
        "answer": item.get("correct_answer"),
        "report": join_sections({"findings": item.get("Findings"), "impression": item.get("Impression")}),
        "steps": split_text(item.get("correct_answer_explanation") or "") or None,
        "indication": item.get("Indication"),
        "images": frontals or laterals,
        **({"laterals": laterals} if frontals and laterals else {}),
        "split": split,
        "source": "rexvqa",
    }
    return with_own_keys(case, item, _REXVQA_RENAMED)


def _frontals_and_laterals(item: Row) -> tuple[list[str], list[str]]:
    """Frontal films and those of unknown view, and laterals."""
    paths, views = _as_list(item.get("ImagePath")), _as_list(item.get("ImageViewPosition"))
    frontals, laterals = list[str](), list[str]()
    for number, path in enumerate(paths):
        view = str(views[number]).upper() if number < len(views) else ""
        place = path[path.index(_FILMS_PLACE) :] if _FILMS_PLACE in path else path
        (laterals if "LAT" in view or view in ("LL", "RL") else frontals).append(place)
    return frontals, laterals


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
