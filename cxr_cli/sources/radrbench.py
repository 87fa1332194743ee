"""The files of RadRBench-CXR: JSON arrays of questions, which become Cases. Every stage accepts them as INPUT.

    {"item_id": "[siim] [1.2.276..]", "image_path": ["images/1.2.276...png"], "answer": "A", "reason_steps": [".."],
     "question": "Does this chest X-ray show pneumothorax? Options:\\nA) Yes\\nB) No", "original_report": ".."}
    ->
    {"id": "[siim] [1.2.276..]", "task": "binary", "question": "Does this chest X-ray show pneumothorax?",
     "options": ["Yes", "No"], "answer": "Yes", "report": "..", "steps": [".."], "images": ["images/1.2.276...png"]}

Fan et al. 2026, doi 10.1038/s43856-026-01654-y. Their files differ: `q`, `a` and `images_path`; options in a key
of their own; steps as text, list, object, or an error in their place; answers in tags; no ids, then the file's name
and the item's number are the id; `pred`, a model's reply. In a temporal question the first film is the prior's. Rows
of other JSON arrays stay as they are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Row, Source
from cxr_cli.rows.files import json_text, reading
from cxr_cli.rows.files.lines import whole_text
from cxr_cli.tasks.task_table import task_of

TASK_NAMES = {
    "binary": "binary",
    "single": "single",
    "multi": "multiple",
    "multiple": "multiple",
    "temporal": "temporal",
}
_QUESTION_NAMES, _ANSWER_NAMES, _IMAGE_NAMES = ("question", "q"), ("answer", "a"), ("image_path", "images_path")
_REPORT_NAMES, _PRIOR_REPORT_NAME = ("original_report", "original_report_2"), "original_report_1"
_TYPICAL = {
    *_IMAGE_NAMES,
    *_REPORT_NAMES,
    "item_id",
    "pred",
    "reason_steps",
}  # a question with one of them is RadRBench-CXR's
_ITEM_KEYS = {*_QUESTION_NAMES, *_ANSWER_NAMES, *_TYPICAL, _PRIOR_REPORT_NAME, "options"}


def find(name: str) -> Source:
    """The rows that an INPUT names: as `reading.find`, and those of a .json file."""
    if not name.lower().endswith(".json") or not Path(name).is_file():
        return reading.find(name)
    return Source(name, lambda: _rows_of_file(Path(name)), path=Path(name))


def _rows_of_file(path: Path) -> Iterator[Item]:
    text, reason = whole_text(path.read_bytes())
    if reason:
        raise CxrError(f"{path}: {reason}")
    try:
        rows = json_text.decode(text.encode())
    except json_text.BrokenJson as error:
        raise CxrError(f"{path}: {error.reason}; a file with one row a line must be named .jsonl") from error
    if not isinstance(rows, list):
        raise CxrError(f"{path}: not a JSON array of objects; a file with one row a line must be named .jsonl")
    task = next((TASK_NAMES[word] for word in path.stem.lower().split("_") if word in TASK_NAMES), None)
    ids: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = f"{path}:{number}"
        if not isinstance(row, dict):
            yield where, row, "not an object"
        elif not (_first_value(row, _QUESTION_NAMES) and row.keys() & _TYPICAL):
            yield where, row, None
        else:
            id = row.get("item_id") or ""
            id = id if id and id not in ids else f"{path.stem}/{number}"
            ids.add(id)
            yield where, {"id": id, **case(row, task)}, None


def case(item: Row, task: str | None = None) -> Row:
    """An item as a Case without `id`. task: that in the file's name."""
    from cxr_cli.answers.answer_key import answer_texts, reference_texts

    question, listed_options = parse_prompt(str(_first_value(item, _QUESTION_NAMES)).strip())
    choices = item.get("options") or listed_options
    options = [str(text) for text in (choices.values() if isinstance(choices, dict) else choices)]
    steps, why = _steps_or_reason(item.get("reason_steps"))
    several = task_of({"task": task}, options).several
    answer = _first_value(item, _ANSWER_NAMES)
    right = reference_texts({"task": task, "answer": answer}, options) if options or several else answer_texts(answer)
    if right is None and answer:
        why["answer"] = "none of the options"
    images = _first_value(item, _IMAGE_NAMES) or []
    images = [images] if isinstance(images, str) else images
    made_case: Row = {
        "task": task,
        "question": question,
        "options": options,
        "answer": right[0] if right and len(right) == 1 and not several else right,
        "report": _first_value(item, _REPORT_NAMES),
        "steps": steps,
        "images": images,
    }
    if task_of({"task": task}).compares and len(images) == 2:
        made_case |= {"images": images[1:], "prior": {"images": images[:1], "report": item.get(_PRIOR_REPORT_NAME)}}
    made_case |= {"prediction": item["pred"]} if "pred" in item else {}
    return (
        made_case | ({"why": why} if why else {}) | {key: value for key, value in item.items() if key not in _ITEM_KEYS}
    )


def _steps_or_reason(steps: Any) -> tuple[str | list[Any] | None, dict[str, str]]:
    """Steps in a form that a Case may have, and why there are none."""
    if isinstance(steps, dict) and "error_response" in steps:
        return None, {"steps": "the file holds an error in their place"}
    if isinstance(steps, dict):  # {"reason_steps": [..]}, or lists by disease
        parts = [part for value in steps.values() for part in (value if isinstance(value, list) else [value])]
        return parts, {}
    return steps or None, {}


def _first_value(item: Row, names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if item.get(name)), None)
