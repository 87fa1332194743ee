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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.answers.lists import list_items
from cxr_cli.answers.reference import expected_answer
from cxr_cli.answers.reply_format import parse_prompt
from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError, RowError
from cxr_cli.published.judgements import judged_of
from cxr_cli.rows import Item, Source
from cxr_cli.rows.files.lines import why_no_text

KINDS = ("accuracy_res", "reasoning_res")
_INSTRUCTION = re.compile(r"\s*Let's think step by step\b.*\Z", re.S)


def find(name: str) -> Source:
    """The rows of a folder that holds `accuracy_res`, `reasoning_res` or both, or is one of them."""
    folder = Path(name)
    if not folder.is_dir():
        raise CxrError(f"{name}: no such folder; name the one that holds {' and '.join(KINDS)}")
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
        own = Counter(map(_content, rows))
        for number, raw in enumerate(rows, 1):
            try:
                row, reason = _row(path, number, raw, own, known), None
            except RowError as error:
                row, reason = raw, error.reason
            yield f"{path}:{number}", row, reason


def _load(path: Path) -> list[Any] | str:
    """What is in a file, or why it cannot be read."""
    content = path.read_bytes()
    try:
        rows = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return why_no_text(content) or f"broken JSON: {error}"
    return rows if isinstance(rows, list) else "not a list of results"


def _row(path: Path, number: int, raw: Any, own: Counter[str], known: Mapping[str, str]) -> dict[str, Any]:
    """own: how often each content is in this file. RowError: this is no result."""
    if not isinstance(raw, dict):
        raise RowError("", "not a result: an object was expected")
    for key in ("question", "answer", "pred"):
        if not isinstance(raw.get(key), str | None):
            raise RowError("", f"field `{key}`: expected a string or null")
    model, task = path.parent.name, path.stem
    item = _item(raw, own, known) or ""
    question, options = parse_prompt(raw.get("question") or "")
    answer = raw.get("answer")
    right = expected_answer({"answer": answer if options or not answer else list_items(answer)}, options)
    steps, defect = _steps(raw.get("reason_steps"))
    images = raw.get("image_path") or []
    return {
        "id": f"{model}/{task}/{item or f'#{number}'}",
        **({"item": f"{task}/{item}"} if item else {}),
        "images": [images] if isinstance(images, str) else images,
        "report": raw.get("original_report") or None,
        "source": "chestx-reasoner",
        "task": task,
        "question": _INSTRUCTION.sub("", question),
        "options": options,
        "answer": answer if right is None else right[0] if options and len(right) == 1 else right,
        "steps": steps,
        "prediction": raw.get("pred"),
        "answered_by": model,
        "judged": judged_of(model, raw),
        **({"defects": [defect]} if defect else {}),
    }


def _content(raw: Any) -> str:
    """What tells one item from another where there is no id; "" without a report."""
    if not isinstance(raw, dict) or not raw.get("original_report"):
        return ""
    question, options = parse_prompt(str(raw.get("question")))
    told = json.dumps([_INSTRUCTION.sub("", question), options, raw["original_report"]])
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def _known(files: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Content -> item_id, of all models; "" where two items have the same content."""
    known: dict[str, str] = {}
    for rows in files:
        for raw in rows:
            if (content := _content(raw)) and raw.get("item_id"):
                id = str(raw["item_id"])
                known[content] = id if known.get(content, id) == id else ""
    return known


def _item(raw: Mapping[str, Any], own: Counter[str], known: Mapping[str, str]) -> str | None:
    if raw.get("item_id"):
        return str(raw["item_id"])
    content = _content(raw)
    return known.get(content, content) if own[content] == 1 else None


def _steps(given: Any) -> tuple[list[dict[str, Any]] | None, str | None]:
    """The reference steps, and what is wrong with how they are written."""
    if isinstance(given, str) and given.strip() == "Error":
        return None, "steps as an error"
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except msgspec.DecodeError:
            return as_steps(given) or None, "steps as a string" if given.strip() else None
        return _steps(given)[0], "steps as a string"
    if isinstance(given, dict):
        held = next((value for value in given.values() if isinstance(value, list) and value), None)
        texts = [value for value in given.values() if isinstance(value, str) and value.strip() not in ("", "Error")]
        return (as_steps(held or texts), "steps as an object") if held or texts else (None, "steps as an error")
    return as_steps(given) or None, None
