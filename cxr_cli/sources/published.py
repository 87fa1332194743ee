"""The result files of ChestX-Reasoner as its authors published them, one list of objects a file.

    accuracy_res/MODEL/TASK.json    question, answer, pred, and mostly item_id and image_path
    reasoning_res/MODEL/TASK.json   also original_report, reason_steps, and what GPT-4o judged of each row

become rows {"id": "MODEL/TASK/ITEM", "item": "TASK/ITEM", "answered_by": "MODEL", ..., "judged": {"stated": 5, ...}}.
ITEM is the file's `item_id`. Where a model's file has none, question and report tell which item of the other models'
files a row is; where they do not, as with many questions of one wording, the row has no `item`.

Layout and formulas: github.com/MAGIC-AI4Med/ChestX-Reasoner, `eval/res`, `eval/accuracy_eval.py`,
`eval/reasoning_eval.py`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.errors import CxrError
from cxr_cli.layout import asked
from cxr_cli.rows import Item, Source
from cxr_cli.rows.reading import why_no_text
from cxr_cli.scoring.answers import expected

KINDS = ("accuracy_res", "reasoning_res")
SUBSTRING, GPT = "substring", "gpt-4o"
_INSTRUCTION = re.compile(r"\s*Let's think step by step\b.*\Z", re.S)
_TAGGED = re.compile(r"<answer>(.*?)</answer>")
_TAGGED_LINES = re.compile(r"<answer>(.*?)</answer>", re.S)
_COUNTS = {
    "reference": ("gt_key_finding", "key_conclusion"),
    "recalled": ("recall_res", "recalled_count"),
    "stated": ("pred_key_finding", "key_conclusion"),
    "correct": ("precision_res", "correct_count"),
    "effective": ("efficiency", "effective_count"),
    "ineffective": ("efficiency", "ineffective_count"),
}


def find(name: str) -> Source:
    """The rows of a folder that holds `accuracy_res`, `reasoning_res` or both, or is one of them."""
    folder = Path(name)
    if not folder.is_dir():
        raise CxrError(f"{name}: no such folder")
    folders = [folder] if folder.resolve().name in KINDS else [folder / kind for kind in KINDS]
    files = [path for kind in folders for path in sorted(kind.glob("*/*.json"))]
    if not files:
        raise CxrError(f"{name}: neither accuracy_res/MODEL/TASK.json nor reasoning_res/MODEL/TASK.json in this folder")
    tasks: dict[Path, list[Path]] = {}
    for path in files:
        tasks.setdefault(path.parents[1] / path.name, []).append(path)
    return Source(name, lambda: (item for paths in tasks.values() for item in _task(paths)))


def _task(paths: Sequence[Path]) -> Iterator[Item]:
    """The rows of one task, model by model."""
    files = {path: _load(path) for path in paths}
    known = _known(rows for rows in files.values() if isinstance(rows, list))
    for path, rows in files.items():
        if isinstance(rows, str):
            yield str(path), None, rows
            continue
        own = Counter(_content(row) for row in rows)
        for number, row in enumerate(rows, 1):
            where = f"{path}:{number}"
            if isinstance(row, dict) and isinstance(row.get("pred", ""), str | None):
                yield where, _row(path, number, row, _item(row, own, known)), None
            else:
                is_object = isinstance(row, dict)
                yield where, row, "field `pred`: not a string" if is_object else "not a result: an object was expected"


def _load(path: Path) -> list[Any] | str:
    """What is in a file, or why it cannot be read."""
    content = path.read_bytes()
    try:
        rows = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return why_no_text(content) or f"broken JSON: {error}"
    return rows if isinstance(rows, list) else "not a list of results"


def _row(path: Path, number: int, row: Mapping[str, Any], item: str | None) -> dict[str, Any]:
    model, task = path.parent.name, path.stem
    question, options = asked(row.get("question") or "")
    answer = row.get("answer")
    case = {"answer": [part.strip() for part in answer.split(",")] if answer and not options else answer}
    right = expected(case, options)
    steps, defect = _steps(row.get("reason_steps"))
    return {
        "id": f"{model}/{task}/{item or f'#{number}'}",
        **({"item": f"{task}/{item}"} if item else {}),
        "images": row.get("image_path") or [],
        "report": row.get("original_report") or None,
        "source": "chestx-reasoner",
        "task": task,
        "question": _INSTRUCTION.sub("", question),
        "options": options,
        "answer": answer if right is None else right[0] if options and len(right) == 1 else right,
        "steps": steps,
        "prediction": row.get("pred"),
        "answered_by": model,
        "judged": _judged(model, row),
        **({"defects": [defect]} if defect else {}),
    }


def _content(row: Any) -> str:
    """What tells one item from another where there is no id; "" without a report."""
    report = row.get("original_report") if isinstance(row, dict) else None
    if not report:
        return ""
    question, options = asked(str(row.get("question")))
    told = json.dumps([_INSTRUCTION.sub("", question), options, report])
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def _known(files: Iterator[list[Any]]) -> dict[str, str]:
    """Content -> item_id, of all models; "" where two items have the same content."""
    known: dict[str, str] = {}
    for rows in files:
        for row in rows:
            id, content = row.get("item_id") if isinstance(row, dict) else None, _content(row)
            if id and content:
                known[content] = str(id) if known.get(content, id) == id else ""
    return known


def _item(row: Mapping[str, Any], own: Counter[str], known: Mapping[str, str]) -> str | None:
    if row.get("item_id"):
        return str(row["item_id"])
    content = _content(row)
    return known.get(content, content) or None if content and own[content] == 1 else None


def _steps(given: Any) -> tuple[Any, str | None]:
    """The reference steps, and what is wrong with how they are written."""
    if isinstance(given, str):
        try:
            inner = msgspec.json.decode(given)
        except msgspec.DecodeError:
            return (None, "steps as an error") if given.strip() == "Error" else (given or None, "steps as a string" if given else None)
        return _steps(inner)[0], "steps as a string"
    if isinstance(given, dict):
        held = next((steps for steps in given.values() if isinstance(steps, list) and steps), None)
        return (held, "steps as an object") if held else (None, "steps as an error")
    return given, None


def _judged(model: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The stored judgement in numbers; None for one that is an error string, no object, or not there."""
    if "recall_res" not in row:
        right = _by_substring(model, row.get("answer") or "", row.get("pred") or "")
        return {} if right is NotImplemented else {"right": right, "by": SUBSTRING}
    judged: dict[str, Any] = {}
    for name, (judgement, key) in _COUNTS.items():
        held = row.get(judgement)
        value = held.get(key) if isinstance(held, dict) else None
        value = len(value) if isinstance(value, list) else value
        judged[name] = value if type(value) is int and value >= 0 else None
    correct = row.get("correct")
    judged["right"] = "yes" in correct.lower() if isinstance(correct, str) else None
    return {**judged, "by": SUBSTRING if "ours" in model else GPT}


def _by_substring(model: str, answer: str, said: str) -> Any:
    """Whether the authors counted an answer as right; None: left out. NotImplemented: GPT-4o was asked, and its verdict
    is not in the files.

    Which is contained in which depends on the model. qwenvl files echo the prompt, whose own empty tags come first.
    """
    if "ours" in model:
        said, answer = _inside(_TAGGED, said.rpartition("assistant")[2]), _inside(_TAGGED, answer)
        said, answer = answer.lower(), said.lower()
    elif "qwenvl" in model:
        if "<answer>" in said:
            said = _inside(_TAGGED_LINES, said) if "</answer>" in said else said.rpartition("<answer>")[2].strip()
        if "<answer>" in answer and "</answer>" in answer:
            answer = _inside(_TAGGED, answer)
    elif model != "chexagent3b":
        return NotImplemented
    return answer in said if answer and said else None


def _inside(tag: re.Pattern[str], text: str) -> str:
    match = tag.search(text)
    return " ".join(match[1].split()) if match else ""
