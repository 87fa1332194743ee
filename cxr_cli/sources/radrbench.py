"""RadRBench-CXR's own files: a JSON array of questions, which become Cases. Any stage takes them as INPUT.

    {"item_id": "[siim] [1.2.276..]", "image_path": ["images/1.2.276...png"], "answer": "A", "reason_steps": [".."],
     "question": "Does this chest X-ray show pneumothorax? Options:\\nA) Yes\\nB) No", "original_report": ".."}
    ->
    {"id": "[siim] [1.2.276..]", "task": "binary", "question": "Does this chest X-ray show pneumothorax?",
     "options": ["Yes", "No"], "answer": "Yes", "report": "..", "steps": [".."], "images": ["images/1.2.276...png"]}

Fan et al. 2026, doi 10.1038/s43856-026-01654-y. Their files differ: `q`, `a` and `images_path`; options beside the
question; steps as text, list, object, or an error in their place; answers in tags; no ids, so that the file's name
and an item's number serve; `pred`, what a model said. Of a temporal question the first film is the prior's. Rows of
other JSON arrays stay as they are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.answers.reply_format import parse_prompt
from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Row, Source
from cxr_cli.rows.files import reading
from cxr_cli.rows.files.lines import why_no_text

TASKS = {"binary": "binary", "single": "single", "multi": "multiple", "multiple": "multiple", "temporal": "temporal"}
_QUESTION, _ANSWER, _IMAGES = ("question", "q"), ("answer", "a"), ("image_path", "images_path")
_REPORT, _BEFORE = ("original_report", "original_report_2"), "original_report_1"
_KNOWN = {*_IMAGES, *_REPORT, "item_id", "pred", "reason_steps"}  # one of them beside a question: it is RadRBench-CXR's
_READ = {*_QUESTION, *_ANSWER, *_KNOWN, _BEFORE, "options"}


def find(name: str) -> Source:
    """The rows that an INPUT names, as `rows.reading.find`, and those of a .json file."""
    if not name.lower().endswith(".json") or not Path(name).is_file():
        return reading.find(name)
    return Source(name, lambda: _items(Path(name)), path=Path(name))


def _items(path: Path) -> Iterator[Item]:
    content = path.read_bytes()
    if reason := why_no_text(content):
        raise CxrError(f"{path}: {reason}")
    try:
        rows = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=list[Any])
    except msgspec.DecodeError as error:
        raise CxrError(f"{path}: not a JSON array of objects, or broken; rows one a line are called .jsonl") from error
    task = next((TASKS[word] for word in path.stem.lower().split("_") if word in TASKS), None)
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = f"{path}:{number}"
        if not isinstance(row, dict):
            yield where, row, "not an object"
        elif not (_named(row, _QUESTION) and row.keys() & _KNOWN):
            yield where, row, None
        else:
            id = row.get("item_id") or ""
            id = id if id and id not in seen else f"{path.stem}/{number}"
            seen.add(id)
            yield where, {"id": id, **case(row, task)}, None


def case(item: Row, task: str | None = None) -> Row:
    """An item as a Case without `id`. task: what the file's name says."""
    from cxr_cli.answers.reference import expected_answer

    question, listed = parse_prompt(str(_named(item, _QUESTION)).strip())
    given = item.get("options") or listed
    options = [str(text) for text in (given.values() if isinstance(given, dict) else given)]
    steps, why = _steps(item.get("reason_steps"))
    right = expected_answer({"task": task, "answer": _named(item, _ANSWER)}, options)
    if right is None and _named(item, _ANSWER):
        why["answer"] = "none of the options"
    images = _named(item, _IMAGES) or []
    images = [images] if isinstance(images, str) else images
    made: Row = {
        "task": task,
        "question": question,
        "options": options,
        "answer": right[0] if right and len(right) == 1 and (options or task != "multiple") else right,
        "report": _named(item, _REPORT),
        "steps": steps,
        "images": images,
    }
    if task == "temporal" and len(images) == 2:
        made |= {"images": images[1:], "prior": {"images": images[:1], "report": item.get(_BEFORE)}}
    made |= {"prediction": item["pred"]} if "pred" in item else {}
    return made | ({"why": why} if why else {}) | {key: value for key, value in item.items() if key not in _READ}


def _steps(given: Any) -> tuple[str | list[Any] | None, dict[str, str]]:
    """Steps as a Case holds them, and why there are none."""
    if isinstance(given, dict) and "error_response" in given:
        return None, {"steps": "the file holds an error in their place"}
    if isinstance(given, dict):  # {"reason_steps": [..]}, or lists by disease
        parts = [part for value in given.values() for part in (value if isinstance(value, list) else [value])]
        return parts, {}
    return given or None, {}


def _named(item: Row, names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if item.get(name)), None)
