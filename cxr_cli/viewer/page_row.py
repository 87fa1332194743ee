"""One row as the page shows it, whichever stage it comes from."""

from collections.abc import Callable, Mapping
from typing import Any

from cxr_cli.answers.answer_key import reference_texts
from cxr_cli.answers.grading import grade
from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.answers.steps import as_steps, predictions_of, reasoning_steps
from cxr_cli.records import STAGE_SIGNATURES
from cxr_cli.scoring.summaries.model_names import ModelFile

PageRow = dict[str, Any]
FilmPlace = Mapping[str, str]

_KEYS = {  # all others are in `rest`
    *("id", "item", "task", "findings", "question", "options", "answer", "report", "images", "prior", "steps"),
    *("support", "fault", "prediction", "predictions", "vote", "scores", "why", *STAGE_SIGNATURES),
}


def page_row(row: Mapping[str, Any], file: ModelFile, film: Callable[[str], FilmPlace]) -> PageRow:
    """file: the row's file; it names the model where the user named it, or where the row has no `answered_by`. film:
    where the page finds a film, by its path.

    Steps are cut as `cxr verify` cuts them, so that a mark on step 3 is a mark on its step 3. RowError: `steps` that
    cannot be read as steps.
    """
    question, listed_options = parse_prompt(str(row.get("question") or ""))
    options = list(row.get("options") or listed_options)
    answer = row.get("answer")
    right = reference_texts(row, options)
    before = row.get("prior") or {}
    answered_by = row.get("answered_by")
    predictions = predictions_of(row) or ([{"text": ""}] if "prediction" in row else [])
    return {
        "id": row["id"],
        "task": row.get("task"),
        "findings": list(row.get("findings") or ()),
        "question": question,
        "options": options,
        "answer": right if right is not None else answer if isinstance(answer, list) else [answer] if answer else [],
        "report": row.get("report"),
        "films": [film(path) for path in row.get("images") or ()],
        "before": {"films": [film(path) for path in before.get("images") or ()], "report": before.get("report")},
        "steps": as_steps(row.get("steps")),
        "support": row.get("support"),
        "fault": row.get("fault"),
        "predictions": [_page_prediction(row, number, prediction) for number, prediction in enumerate(predictions)],
        "vote": row.get("vote"),
        "scores": row.get("scores") or {},
        "why": row.get("why") or {},
        "signed": {key: row[key] for key in STAGE_SIGNATURES if row.get(key)},
        "by": answered_by,
        "model": file.name if file.given or not answered_by else model_name(answered_by),
        "rest": {key: value for key, value in row.items() if key not in _KEYS},
    }


def _page_prediction(row: Mapping[str, Any], number: int, prediction: Mapping[str, Any]) -> PageRow:
    """right: 1, 0, or None with the reason in `why`."""
    text = prediction["text"]
    finish = prediction.get("finish")
    scores, nulls = grade(row, text, finish) if row.get("question") else ({}, {})
    answer = prediction.get("answer") or (answer_of(row, text, finish).texts if row.get("question") else None)
    return {
        "sample": prediction.get("sample", number),
        "text": text,
        "answer": [answer] if isinstance(answer, str) else answer,
        "right": scores.get("accuracy"),
        "why": nulls.get("accuracy"),
        "steps": as_steps(prediction["steps"]) if prediction.get("steps") else reasoning_steps(prediction),
        "support": prediction.get("support"),
    }


def model_name(answered_by: str) -> str:
    """The model in a signature: `engine:vllm|model:rl/final|temperature:0` -> `rl/final`; else the text as it is."""
    parts = dict(part.partition(":")[::2] for part in answered_by.split("|"))
    return parts.get("model") or answered_by
