"""Options and answers in the shapes that people bring, as texts.

options   ["A. Yes", "B. No"], {"A": "Yes", "B": "No"}, the JSON text of either; or columns: option_0, option_1, ..,
          option_a, option_b, .. or `Choice A`, `Choice B`, ..
answer    the text of an option, its letter ("B", "(b)", "B) No"), its index from 0 as a number; a list of these
->
options   ["Yes", "No"]
answer    "No"
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.replies.reply_format import LETTERS
from cxr_cli.errors import RowError
from cxr_cli.records import STAGE_SIGNATURES, Row
from cxr_cli.rows.files import json_text

_OPTION_COLUMN = re.compile(r"(?:options?|choices?)[ _-]?(\d{1,2}|[a-z])", re.I)
_LETTERED = re.compile(r"\s*\(?([A-Za-z])(?:[).:]|\s[-–:])\s*(.*\S)\s*", re.DOTALL)
_LETTER_ALONE = re.compile(r"\s*[(\[]?([A-Za-z])[)\].:]?\s*")
_OPTION_NUMBER = re.compile(r"\s*(\d{1,2})(?:\.0)?\s*")


def with_choices(row: Row) -> Row:
    """The row with `options` as texts, and `answer` as those of them that it names.

    An answer that names none stays as it is. RowError: it may mean two options, by its text one, by its letter or
    number another. A row that a stage has signed has texts alone, and is the same row.
    """
    options = _option_columns(row) if row.get("options") is None else row["options"]
    if not options or not row.keys().isdisjoint(STAGE_SIGNATURES):
        return row
    texts = option_texts(options)
    if texts is None:
        return row
    answer = row.get("answer")
    text = [_option_of(part, texts) for part in answer] if isinstance(answer, list) else _option_of(answer, texts)
    if texts == row.get("options") and text == answer:
        return row
    changes: Row = {"options": texts}
    return row | changes | ({"answer": text} if "answer" in row else {})


def option_texts(options: Any) -> list[str] | None:
    """Options as texts without their letters; None for what is no list of texts and no object of them."""
    if isinstance(options, str):
        options = _from_json(options)
    if isinstance(options, Mapping):
        options = [options[key] for key in _in_order(options)]
    if not isinstance(options, list) or not options:
        return None
    if not all(isinstance(option, str | int | float) for option in options):
        return None
    texts = [option if isinstance(option, str) else _number_text(option) for option in options]
    marked = [_LETTERED.fullmatch(text) for text in texts]
    in_order = all(mark and mark[1].upper() == letter for mark, letter in zip(marked, LETTERS, strict=False))
    return [mark[2] for mark in marked if mark] if in_order and len(texts) <= len(LETTERS) else texts


def _option_columns(row: Mapping[str, Any]) -> list[Any]:
    """The values of the columns that hold an option each, in the order of their numbers or letters."""
    columns = {mark[1].lower(): name for name in row if (mark := _OPTION_COLUMN.fullmatch(name))}
    values = (row[columns[key]] for key in _in_order(columns))
    values = (None if value != value else value for value in values)  # NaN is the null of some tables
    return [value for value in values if value is not None and value != ""]


def _in_order(keys: Mapping[str, Any]) -> Sequence[str]:
    """Numbers or letters in their order; other keys as they come."""
    if all(str(key).isdecimal() for key in keys):
        return sorted(keys, key=int)
    return sorted(keys, key=lambda key: str(key).upper()) if all(len(str(key)) == 1 for key in keys) else [*keys]


def _from_json(text: str) -> Any:
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        return json_text.decode(text.encode())
    except json_text.BrokenJson:
        return None


def _option_of(answer: Any, options: Sequence[str]) -> Any:
    """The option that an answer names; the answer itself if it names none."""
    if isinstance(answer, bool) or not isinstance(answer, str | int | float):
        return answer
    text = answer if isinstance(answer, str) else _number_text(answer)
    means = {meaning for meaning in (_by_text(text, options), _by_mark(text, options)) if meaning is not None}
    if len(means) > 1:
        raise RowError("", "field `answer`: it may mean two options, one by its text, one by its letter or number; "
                           "write both, as in B) No")  # fmt: skip
    return means.pop() if means else answer


def _by_text(text: str, options: Sequence[str]) -> str | None:
    if text in options:
        return text
    folded = _loose_text(text)
    same = [option for option in options if _loose_text(option) == folded]
    return same[0] if len(same) == 1 else None


def _by_mark(text: str, options: Sequence[str]) -> str | None:
    """The option of a letter or a number, and of "B) No" if its letter and its text agree."""
    if mark := _LETTERED.fullmatch(text):
        option = _by_letter(mark[1], options)
        return option if option is not None and _loose_text(option) == _loose_text(mark[2]) else None
    if mark := _LETTER_ALONE.fullmatch(text):
        return _by_letter(mark[1], options)
    if mark := _OPTION_NUMBER.fullmatch(text):
        return options[int(mark[1])] if int(mark[1]) < len(options) else None
    return None


def _by_letter(letter: str, options: Sequence[str]) -> str | None:
    index = LETTERS.index(letter.upper())
    return options[index] if index < len(options) else None


def _loose_text(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _number_text(number: float) -> str:
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)
