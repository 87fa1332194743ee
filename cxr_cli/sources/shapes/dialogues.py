"""Rows of other trainers that hold a question and its answer as a conversation.

    ms-swift      {"messages": [{"role": "user", "content": "<image>Edema?"}, {"role": "assistant", "content": "No"}],
                   "images": ["a.png"]}
    TRL           {"prompt": [{"role": "user", ..}], "completion": [{"role": "assistant", ..}], "images": ["a.png"]}
    verl          {"prompt": [{"role": "user", ..}], "reward_model": {"ground_truth": "No"}, "images": [..]}
    LLaVA         {"id": "1", "image": "a.png", "conversations": [{"from": "human", "value": "<image>\\nEdema?"},
                   {"from": "gpt", "value": "No"}]}
    NV-Reason     {"problem": "Edema?", "solution": "<think>..</think><answer>No</answer>", "image": "a.png"}, or
                  messages that end with the question, and a `solution`
    ->
    {"id": "1", "question": "Edema?", "options": [], "answer": "No", "images": ["a.png"]}

What the assistant says is the answer, and `reasoning_content`, as servers write it, the reasoning. Beside a `solution`,
verl's `ground_truth`, or a `response` as ms-swift writes it, it is a model's prediction. The options are those in the
text of the question.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.files import json_text
from cxr_cli.sources.shapes.film_names import film_name

_DIALOGUE_KEYS = ("messages", "conversations", "prompt", "problem")
_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "model": "assistant"}
_ROLES |= {"system": "system", "developer": "system"}
FILM_MARK = "<image>"
_FILM_MARKS = re.compile(r"<(image|img)>(?:(?P<film>[^<>\n]{1,1000})</\1>)?(?P<space>\s*)", re.I)
"""A film's mark, and how Qwen-VL and ms-swift put its path there: <img>a.png</img>."""


def with_question(row: Row, where: str) -> Row:
    """The row with the `question`, `answer`, `steps` and `images` of its conversation, and, if it has no id, with its
    place as one. RowError: it asks several questions, or none, or lacks a film that it marks."""
    if row.get("question"):
        return row
    key = next((key for key in _DIALOGUE_KEYS if _is_dialogue(row, key)), None)
    if key is None:
        return row
    turns, films = ([("user", str(row[key]))], []) if key == "problem" else _turns(_dialogue_of(row, key), key)
    questions = [text for role, text in turns if role == "user"]
    if len(questions) != 1:
        raise RowError("", f"field `{key}`: {len(questions)} questions; a row asks one: make a row of each")
    marks = [*_FILM_MARKS.finditer(questions[0])]
    marked = (match["film"].strip() for match in marks if match["film"])
    films += [film for film in marked if film not in films]
    _check_marks(sum(not match["film"] for match in marks), row.get("images") or row.get("image") or films, key)
    question, options = parse_prompt(_without_film_marks(questions[0]))
    if not question:
        raise RowError("", f"field `{key}`: its question has no text")
    case: Row = {"id": row.get("id"), "question": question, "options": row.get("options") or options}
    if case["id"] in (None, ""):
        case["id"] = place_id(where)
    if films and not row.get("images"):
        case["images"] = films
    case |= _answer_and_prediction(row, _reply(turns, key))
    if row.get("task") and not case["options"] and isinstance(case.get("answer"), str):
        case["answer"] = _answer_list(case["answer"], {**case, "task": row["task"]})
    moved = {"labels"} if isinstance(row.get("labels"), str) else set()
    return case | {name: value for name, value in row.items() if name not in case.keys() | moved}


def _check_marks(number: int, films: Any, key: str) -> None:
    """number: of films without a path that the question marks. films: a path, or a list of films."""
    there = len(films) if isinstance(films, list) else 1
    if films and number > there:
        raise RowError("", f"field `{key}`: {number} marks <image>, but only {there} film{'s' * (there > 1)}")


def _without_film_marks(text: str) -> str:
    """The text without the marks before and behind it; those within are "image 1", "image 2"."""
    blank = _FILM_MARKS.sub(lambda mark: " " * len(mark[0]), text)
    start, end, number = len(blank) - len(blank.lstrip()), len(blank.rstrip()), 0

    def word(mark: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"image {number}{mark['space']}" if start < mark.start() < end else ""

    return _FILM_MARKS.sub(word, text).strip()


def _answer_list(answer: str, case: Row) -> Any:
    """The answer as a list, where it is to a task that asks for several findings, as `--to` writes them."""
    from cxr_cli.answers.lists import says_none  # few rows need it
    from cxr_cli.tasks.task_table import task_of

    if not task_of(case).several:
        return answer
    return [] if says_none(answer) else [part.strip() for part in answer.split(",")]


def _is_dialogue(row: Mapping[str, Any], key: str) -> bool:
    """Other tables have columns of these names too: a text, a number, a list of texts."""
    if key == "problem":
        return bool(row.get(key)) and isinstance(row.get("solution"), str)
    turns = _dialogue_of(row, key)
    return any(isinstance(turn, dict) and not turn.keys().isdisjoint(("role", "from")) for turn in turns)


def _dialogue_of(row: Mapping[str, Any], key: str) -> list[Any]:
    """The turns in a field, which in a table may be JSON text; [] for anything else. The reply to TRL's `prompt` is in
    `completion`."""
    value = row.get(key)
    if isinstance(value, str) and value.startswith("["):
        value = json_text.parsed_text(value)
    turns = value if isinstance(value, list) else []
    return turns + _dialogue_of(row, "completion") if turns and key == "prompt" else turns


def _reply(turns: list[tuple[str, str]], key: str) -> str | None:
    """What the assistant says to the question; a greeting before it is no reply. RowError: it replies several times."""
    place = [role for role, _ in turns].index("user")
    replies = [text for role, text in turns[place:] if role == "assistant"]
    if len(replies) > 1:
        raise RowError("", f"field `{key}`: {len(replies)} replies to one question; a row holds one")
    return replies[0] if replies else None


def _answer_and_prediction(row: Mapping[str, Any], reply: str | None) -> Row:
    """What is right, and what a model replied, as far as the row does not say it under our names."""
    solution = _solution(row)
    prediction = row["response"] if isinstance(row.get("response"), str) else None if solution is None else reply
    answer = solution if solution is not None else None if prediction is not None else reply
    result: Row = {}
    if isinstance(answer, str):
        parts = parse_reply(answer)
        answer = parts.answer or parts.rest or None
        if parts.think and row.get("steps") is None:
            result["steps"] = parts.think
    if answer is not None and row.get("answer") is None:
        result["answer"] = answer
    if prediction is not None and row.keys().isdisjoint(("prediction", "predictions")):
        result["prediction"] = prediction
    return result


def _solution(row: Mapping[str, Any]) -> Any:
    """What a row of another trainer calls right: a text, a number, or a list of them; None if it does not say it."""
    rule = row.get("reward_model")
    truth = rule.get("ground_truth") if isinstance(rule, dict) else None
    value = next((value for value in (row.get("solution"), truth) if value is not None), None)
    if value is None:
        return row["labels"] if isinstance(row.get("labels"), str) else None
    if not isinstance(value, str | int | float | list):
        name = "solution" if row.get("solution") is not None else "reward_model.ground_truth"
        raise RowError("", f"field `{name}`: neither a text nor a list of texts")
    return value


def _turns(dialogue: list[Any], key: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(role, text) of each turn, and the films that stand among the texts."""
    turns, films = list[tuple[str, str]](), list[str]()
    for turn in dialogue:
        message = turn if isinstance(turn, dict) else {}
        role = _ROLES.get(str(message.get("role") or message.get("from")))
        content = message.get("content") or message.get("value") or ""
        if role is None or not isinstance(content, str | list):
            raise RowError("", f"field `{key}`: not a list of messages by user and assistant")
        parts = [content] if isinstance(content, str) else content
        texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
        text = "\n".join(text for text in texts if isinstance(text, str))
        thought = message.get("reasoning_content") or message.get("reasoning")
        has_thought = role == "assistant" and isinstance(thought, str) and thought.strip()
        turns.append((role, f"<think>{thought}</think>{text}" if has_thought else text))
        films += [film for part in parts if isinstance(part, dict) and (film := _film_in(part, key))]
    return turns, films


def _film_in(part: Mapping[str, Any], key: str) -> str | None:
    """The path of the film that a part of a message is; None for a part without one, which may stand for a film of
    `images`. RowError: it is no path but the film itself."""
    value = next((part[name] for name in ("image", "path", "image_url", "source") if part.get(name)), None)
    film = film_name(value, key)
    return film if isinstance(film, str) else None


def place_id(where: str) -> str:
    """ "data/train.jsonl:12" -> "train/12"."""
    file, _, number = where.rpartition(":")
    return f"{PurePath(file).name.partition('.')[0] or 'row'}/{number}"
