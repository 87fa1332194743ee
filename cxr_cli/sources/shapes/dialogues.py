"""Rows of other trainers that hold a question and its answer as a conversation, and cases written so.

    ms-swift      {"messages": [{"role": "user", "content": "<image>Edema?"}, {"role": "assistant", "content": "No"}],
                   "images": ["a.png"]}
    LLaVA         {"id": "1", "image": "a.png", "conversations": [{"from": "human", "value": "<image>\\nEdema?"},
                   {"from": "gpt", "value": "No"}]}
    NV-Reason     {"problem": "Edema?", "solution": "<think>..</think><answer>No</answer>", "image": "a.png"}, or
                  messages that end with the question, and a `solution`
    ->
    {"id": "1", "question": "Edema?", "options": [], "answer": "No", "images": ["a.png"]}

What the assistant says is the answer, and `reasoning_content`, as servers write it, the reasoning. Beside a `solution`,
or a `response` as ms-swift writes it, it is a model's prediction. The options are those in the text of the question.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from cxr_cli.answers.replies.reply_format import parse_prompt, prompt_text
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.steps import taught_reply
from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import DialogueForm, Row
from cxr_cli.rows import FlowOptions
from cxr_cli.rows.files import json_text

_DIALOGUE_KEYS = ("messages", "conversations", "problem")
_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
_FILM_MARK = "<image>"
_FILM_MARKS = re.compile(r"<(image|img)>(?:(?P<film>[^<>\n]{1,1000})</\1>)?\s*", re.I)
"""A film's mark, and how Qwen-VL and ms-swift put its path there: <img>a.png</img>."""


def with_question(row: Row, where: str) -> Row:
    """The row with the `question`, `answer`, `steps` and `images` of its conversation, and, if it has no id, with its
    place as one. RowError: it asks several questions, or none."""
    if row.get("question"):
        return row
    key = next((key for key in _DIALOGUE_KEYS if _is_dialogue(row, key)), None)
    if key is None:
        return row
    turns, films = ([("user", str(row[key]))], []) if key == "problem" else _turns(_dialogue_of(row, key), key)
    questions = [text for role, text in turns if role == "user"]
    if len(questions) != 1:
        raise RowError("", f"field `{key}`: {len(questions)} questions; a row asks one: make a row of each")
    marked = (match["film"].strip() for match in _FILM_MARKS.finditer(questions[0]) if match["film"])
    films += [film for film in marked if film not in films]
    question, options = parse_prompt(_FILM_MARKS.sub("", questions[0]).strip())
    case: Row = {"id": row.get("id"), "question": question, "options": row.get("options") or options}
    if case["id"] in (None, ""):
        case["id"] = place_id(where)
    if films and not row.get("images"):
        case["images"] = films
    case |= _answer_and_prediction(row, _reply(turns, key))
    moved = {"labels"} if isinstance(row.get("labels"), str) else set()
    return case | {name: value for name, value in row.items() if name not in case.keys() | moved}


def _is_dialogue(row: Mapping[str, Any], key: str) -> bool:
    """Other tables have columns of these names too: a text, a number, a list of texts."""
    if key == "problem":
        return bool(row.get(key)) and isinstance(row.get("solution"), str)
    turns = _dialogue_of(row, key)
    return any(isinstance(turn, dict) and not turn.keys().isdisjoint(("role", "from")) for turn in turns)


def _dialogue_of(row: Mapping[str, Any], key: str) -> list[Any]:
    """The turns in a field, which in a table may be JSON text; [] for anything else."""
    value = row.get(key)
    if isinstance(value, str) and value.startswith("["):
        with suppress(json_text.BrokenJson):
            value = json_text.decode(value.encode())
    return value if isinstance(value, list) else []


def _reply(turns: list[tuple[str, str]], key: str) -> str | None:
    """What the assistant says to the question; a greeting before it is no reply. RowError: it replies several times."""
    place = [role for role, _ in turns].index("user")
    replies = [text for role, text in turns[place:] if role == "assistant"]
    if len(replies) > 1:
        raise RowError("", f"field `{key}`: {len(replies)} replies to one question; a row holds one")
    return replies[0] if replies else None


def _answer_and_prediction(row: Mapping[str, Any], reply: str | None) -> Row:
    """What is right, and what a model replied, as far as the row does not say it under our names."""
    solution = next((text for key in ("solution", "labels") if isinstance(text := row.get(key), str)), None)
    prediction = row["response"] if isinstance(row.get("response"), str) else None if solution is None else reply
    answer = solution if solution is not None else None if prediction is not None else reply
    result: Row = {}
    if answer is not None and row.get("answer") is None:
        parts = parse_reply(answer)
        result["answer"] = parts.answer or parts.rest or None
        if parts.think and row.get("steps") is None:
            result["steps"] = parts.think
    if prediction is not None and row.keys().isdisjoint(("prediction", "predictions")):
        result["prediction"] = prediction
    return result


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
    """The path of the film that a part of a message is. RowError: it is no path but the film itself."""
    film = part.get("image") or part.get("path") or part.get("image_url")
    film = film.get("url") if isinstance(film, dict) else film
    if isinstance(film, str) and film.startswith("data:"):
        raise RowError("", f"field `{key}`: a film as text in a message; save it as a file, and write its path there")
    return film if isinstance(film, str) else None


def place_id(where: str) -> str:
    """ "data/train.jsonl:12" -> "train/12"."""
    file, _, number = where.rpartition(":")
    return f"{PurePath(file).name.partition('.')[0] or 'row'}/{number}"


def as_messages(case: Row) -> Row:
    """A case as ms-swift, LLaMA-Factory and most others take it."""
    return _dialogue(case, "messages", "role", "content", ("user", "assistant"))


def as_conversations(case: Row) -> Row:
    """A case as LLaVA takes it."""
    return _dialogue(case, "conversations", "from", "value", ("human", "gpt"))


DIALOGUES: dict[DialogueForm, Callable[[Row], Row]] = {"messages": as_messages, "conversations": as_conversations}
"""How `--to` writes cases, for other trainers."""


def dialogue_form(to: DialogueForm | None, flow: FlowOptions) -> Callable[[Row], Row] | None:
    """What `--to` does with a row; None without it. CxrError: an output of it cannot be continued."""
    if to and flow.continues:
        raise CxrError(f"--to {to}: its rows are not signed, so no run can go on with them: leave out --resume")
    return DIALOGUES[to] if to else None


def _dialogue(case: Row, key: str, role: str, content: str, roles: tuple[str, str]) -> Row:
    from cxr_cli.tasks.task_table import task_of

    if not case.get("question"):
        raise RowError("", f"field `question`: missing, and --to {key} writes questions")
    films = task_of(case).films(case)
    texts = [_FILM_MARK * len(films) + prompt_text(case["question"], case.get("options") or ()), taught_reply(case)]
    turns = [{role: name, content: text} for name, text in zip(roles, texts, strict=True) if text]
    return {"id": case["id"], key: turns, "images": films}
