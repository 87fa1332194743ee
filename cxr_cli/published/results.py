"""The result files of ChestX-Reasoner as its authors published them, one list of objects a file.

    accuracy_res/MODEL/TASK.json    question, answer, pred, and mostly item_id and image_path
    reasoning_res/MODEL/TASK.json   also original_report, reason_steps, and what GPT-4o judged of each row

become rows {"id": "MODEL/TASK/ITEM", "item": "TASK/ITEM", "answered_by": "MODEL", ..., "judged": {"stated": 5, ...}}.
ITEM is the file's `item_id`. Where a model's file has none, question and report show which item of the other models'
files a row is; where several rows of a file have the same ones, the row has no `item`.

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

from cxr_cli.answers.answer_key import reference_texts
from cxr_cli.answers.lists import list_items
from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError, RowError
from cxr_cli.published.defects import AS_LIST, TWICE
from cxr_cli.published.judgements import stored_judgement
from cxr_cli.rows import Item, Source, note
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.lines import whole_text

FOLDERS = ("accuracy_res", "reasoning_res")
_MOST_FILES = 5  # unknown files that are named
_STEP_BY_STEP = re.compile(r"(?<!\s)\s*Let's think step by step\b.*\Z", re.S)


def find_results(name: str) -> Source:
    """The rows of a folder that holds `accuracy_res`, `reasoning_res` or both, or is one of them."""
    folder = Path(name)
    if not folder.is_dir():
        raise CxrError(f"{name}: no such folder; name the one that holds {' and '.join(FOLDERS)}")
    folders = [folder] if folder.resolve().name in FOLDERS else [folder / kind for kind in FOLDERS]
    files = [path for kind in folders for path in sorted(kind.glob("*/*.json"))]
    if not files:
        raise CxrError(f"{name}: neither accuracy_res/MODEL/TASK.json nor reasoning_res/MODEL/TASK.json in this folder")
    if unknown := sorted(_unknown_files(folders, files)):
        more = f" and {len(unknown) - _MOST_FILES} more" if len(unknown) > _MOST_FILES else ""
        note(f"{name}: passed over, not MODEL/TASK.json: {', '.join(unknown[:_MOST_FILES])}{more}")
    tasks: dict[Path, list[Path]] = {}
    for path in files:
        tasks.setdefault(path.parents[1] / path.name, []).append(path)
    return Source(name, lambda: (item for paths in tasks.values() for item in _task(paths)))


def _unknown_files(folders: Iterable[Path], results: Iterable[Path]) -> Iterator[str]:
    """The names, from `folders` on, of the files that have no place in the layout; hidden ones are not listed."""
    places = set(results)
    for folder in folders:
        for path in folder.rglob("*"):
            inner = path.relative_to(folder)
            if path.is_file() and path not in places and not any(part.startswith(".") for part in inner.parts):
                yield f"{folder.name}/{inner.as_posix()}"


def _task(paths: Sequence[Path]) -> Iterator[Item]:
    """The rows of one task, model by model."""
    files = {path: _load_results(path) for path in paths}
    item_ids = _item_ids(results for results in files.values() if isinstance(results, list))
    for path, results in files.items():
        if isinstance(results, str):
            yield str(path), None, results
            continue
        contents, counts = Counter(map(_content_hash, results)), Counter[str]()
        for number, result in enumerate(results, 1):
            try:
                row, reason = _again(_result_row(path, number, result, contents, item_ids), counts), None
            except RowError as error:
                row, reason = result, error.reason
            yield f"{path}:{number}", row, reason


def _again(row: dict[str, Any], counts: Counter[str]) -> dict[str, Any]:
    """The row, where its id stands a second time in the file under an id of its own: "MODEL/TASK/ITEM#2"."""
    counts[row["id"]] += 1
    times = counts[row["id"]]
    if times == 1:
        return row
    return {**row, "id": f"{row['id']}#{times}", "defects": [*row.get("defects", ()), TWICE]}


def _load_results(path: Path) -> list[Any] | str:
    """The results in a file, or why it cannot be read."""
    text, reason = whole_text(path.read_bytes())
    if reason:
        return reason
    try:
        results = json_text.decode(text.encode())
    except json_text.BrokenJson as error:
        return error.reason
    return results if isinstance(results, list) else "not a list of results"


def _result_row(
    path: Path, number: int, result: Any, contents: Counter[str], item_ids: Mapping[str, str]
) -> dict[str, Any]:
    """contents: how often each content is in this file. item_ids: content -> item_id. RowError: this is no result."""
    if not isinstance(result, dict):
        raise RowError("", "not a result: an object was expected")
    defects = []
    if isinstance(result.get("pred"), list):
        texts = [text for text in result["pred"] if isinstance(text, str)]
        result, defects = {**result, "pred": "\n".join(texts)}, [AS_LIST]
    for key in ("question", "answer", "pred"):
        if not isinstance(result.get(key), str | None):
            raise RowError("", f"field `{key}`: expected a string or null")
    model, task = path.parent.name, path.stem
    item = _item_of(result, contents, item_ids) or ""
    question, options = parse_prompt(result.get("question") or "")
    answer = result.get("answer")
    right = reference_texts({"answer": answer if options or not answer else list_items(answer)}, options)
    steps, defect = _reference_steps(result.get("reason_steps"))
    defects += [defect] if defect else []
    images = result.get("image_path") or []
    return {
        "id": f"{model}/{task}/{item or f'#{number}'}",
        **({"item": f"{task}/{item}"} if item else {}),
        "images": [images] if isinstance(images, str) else images,
        "report": result.get("original_report") or None,
        "source": "chestx-reasoner",
        "task": task,
        "question": _STEP_BY_STEP.sub("", question),
        "options": options,
        "answer": answer if right is None else right[0] if options and len(right) == 1 else right,
        "steps": steps,
        "prediction": result.get("pred"),
        "answered_by": model,
        "judged": stored_judgement(model, result),
        **({"defects": defects} if defects else {}),
    }


def _content_hash(result: Any) -> str:
    """A hash of question, options and report, by which results without an id are found; "" without a report."""
    if not isinstance(result, dict) or not result.get("original_report"):
        return ""
    question, options = parse_prompt(str(result.get("question")))
    content = json.dumps([_STEP_BY_STEP.sub("", question), options, result["original_report"]])
    return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


def _item_ids(files: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Content -> item_id, of all models; "" where two items have the same content."""
    item_ids: dict[str, str] = {}
    for results in files:
        for result in results:
            if (content := _content_hash(result)) and result.get("item_id"):
                id = str(result["item_id"])
                item_ids[content] = id if item_ids.get(content, id) == id else ""
    return item_ids


def _item_of(result: Mapping[str, Any], contents: Counter[str], item_ids: Mapping[str, str]) -> str | None:
    if result.get("item_id"):
        return str(result["item_id"])
    content = _content_hash(result)
    return item_ids.get(content, content) if contents[content] == 1 else None


def _reference_steps(steps: Any) -> tuple[list[dict[str, Any]] | None, str | None]:
    """The reference steps, and the defect of their form."""
    if isinstance(steps, str) and steps.strip() == "Error":
        return None, "steps as an error"
    if isinstance(steps, str):
        try:
            steps = json_text.decode(steps.encode())
        except json_text.BrokenJson:
            return as_steps(steps) or None, "steps as a string" if steps.strip() else None
        return _reference_steps(steps)[0], "steps as a string"
    if isinstance(steps, dict):
        values = next((value for value in steps.values() if isinstance(value, list) and value), None)
        texts = [value for value in steps.values() if isinstance(value, str) and value.strip() not in ("", "Error")]
        return (as_steps(values or texts), "steps as an object") if values or texts else (None, "steps as an error")
    return as_steps(steps) or None, None
