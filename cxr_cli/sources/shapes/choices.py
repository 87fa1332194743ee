"""Options and answers in the shapes that people bring, as texts.

options   ["A. Yes", "B. No"], {"A": "Yes", "B": "No"}, the JSON text of either; or columns: option_0, option_1, ..,
          option_a, option_b, .. or `Choice A`, `Choice B`, ..
answer    the text of an option, its letter ("B", "(b)", "B) No"), its index from 0 as a number; a list of these;
          letters separated by commas, semicolons, & or "and"
->
options   ["Yes", "No"]
answer    "No"
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.answers.replies.reply_format import LETTERS
from cxr_cli.errors import RowError
from cxr_cli.records import STAGE_SIGNATURES, Row
from cxr_cli.rows.files import json_text

_OPTION_COLUMN = re.compile(r"(?!options$|choices$)(?:options?|choices?)[ _-]?(\d{1,2}|[a-z])", re.I)
_LETTERED = re.compile(
    r"\s*+[(\[\uff08]?([A-Za-z])(?:[).:\]\u3001\uff09\uff0e\uff1a]|\s[-–:])\s*+(.*\S)\s*", re.DOTALL
)  # also with Chinese marks
_NUMBERED = re.compile(r"\s*[(\[]?(\d{1,2})[).:\]]\s+\S.*", re.DOTALL)
_LETTER_ALONE = re.compile(r"\s*[(\[]?([A-Za-z])[)\].:]?\s*")
_LETTERS_ALONE = re.compile(r"\s*+[A-Za-z](?:(?:\s*+[,;&]|,?\s++and\s)\s*+[A-Za-z])+\s*")
_LETTER_BETWEEN = re.compile(r"\b[A-Za-z]\b")
_OPTION_NUMBER = re.compile(r"\s*(\d{1,2})(?:\.0)?\s*")


class _MarkedOption(NamedTuple):
    """An option. key: in an object, or of its column; "" for none. letter: under which the row brings it. marks: the
    letters, in capitals, and the numbers that may mean it."""

    text: str
    key: str
    letter: str
    marks: frozenset[str]


def with_choices(row: Row) -> Row:
    """The row with `options` as texts, and `answer` as those of them that it names.

    An answer that names none stays as it is, as does the very text of an option, unless it is one letter. RowError: it
    may mean two options, as by its text one, by its letter or number another; or a prediction may. A row that a stage
    has signed has texts alone, and is the same row.
    """
    if not row.keys().isdisjoint(STAGE_SIGNATURES):
        return row
    options = row.get("options")
    columns = {} if options else _option_columns(row)
    if not (options or columns):
        return row
    choices = _marked_options(options or columns, from_zero=bool(columns))
    if choices is None:
        return row
    if not row.keys().isdisjoint(("prediction", "predictions")):
        _check_letters(choices)
    texts = [choice.text for choice in choices]
    answer = _split_letters(row.get("answer"), choices)
    parts = answer if isinstance(answer, list) else [answer]
    if texts == options and all(part in texts and not _LETTER_ALONE.fullmatch(part) for part in parts):
        return row
    text = [_option_of(part, choices) for part in answer] if isinstance(answer, list) else _option_of(answer, choices)
    if texts == row.get("options") and text == answer:
        return row
    return {**row, "options": texts, **({"answer": text} if "answer" in row else {})}


def lettered_answer(options: Mapping[str, Any], answer: Any) -> Any:
    """The answer that a data set gives as the letter or the number of an option, with the option's text: 1 -> "B) PA".

    So it cannot mean another option whose text is a letter or a number itself. Any other answer stays as it is.
    options: by their letters, or by their numbers from 0.
    """
    key = str(answer).strip()
    if key not in options or _is_blank(options[key]):
        return answer
    letter, text = LETTERS[int(key)] if key.isdecimal() else key, str(options[key]).strip()
    lettered = _LETTERED.fullmatch(text)
    return f"{letter}) {lettered[2] if lettered and lettered[1] == letter else text}"


def _marked_options(options: Any, *, from_zero: bool) -> list[_MarkedOption] | None:
    """Options as texts without their letters; None for what is no list of texts and no object of them.

    In an object a blank is no option, and the options behind it keep their letters and numbers. An option may be meant
    by its place, by its key, and where all have letters of their own, in whatever order, by that. from_zero: may a
    number be a place, counted from 0, though the keys are numbers?
    """
    if isinstance(options, str):
        options = json_text.parsed_text(options)
    keys = _in_order(options) if isinstance(options, Mapping) else ()
    values = [options[key] for key in keys] if keys else options
    if not isinstance(values, list):
        return None
    places = [place for place, value in enumerate(values) if not (keys and _is_blank(value))]
    if not all(isinstance(values[place], str | int | float) for place in places):
        return None
    texts = [_option_text(values[place]) for place in places]
    lettered = [match for text in texts if (match := _LETTERED.fullmatch(text))]
    own = [match[1].upper() for match in lettered]
    if own == [LETTERS[place : place + 1] for place in places]:
        texts = [match[2] for match in lettered]
    numbers = [match[1] for text in texts if (match := _NUMBERED.fullmatch(text))]
    from_zero = from_zero or not (keys and all(str(key).isdecimal() for key in keys))
    result: list[_MarkedOption] = []
    for number, place in enumerate(places):
        key = _key_mark(keys[place]) if keys else ""
        letter = own[number] if len(own) == len(texts) else key if key.isalpha() else LETTERS[place : place + 1]
        marks = {LETTERS[place : place + 1], key, letter, *([str(place)] if from_zero else [])}
        marks |= {_key_mark(numbers[number])} if len(numbers) == len(texts) else set()
        result.append(_MarkedOption(texts[number], key, letter, frozenset(marks)))
    return result


def _check_letters(choices: Sequence[_MarkedOption]) -> None:
    """RowError: the row brings its options under other letters than those of their places, by which a reply is read."""
    letters = [choice.letter for choice in choices if len(choice.letter) == 1]
    if letters != [LETTERS[place : place + 1] for place in range(len(letters))]:
        raise RowError("", f"field `options`: their letters are {', '.join(letters)}, so a letter in the prediction "
                           "may mean two options; letter them from A on, without gaps")  # fmt: skip


def _option_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Number or letter -> the value of the column of that option; {} if all are blank."""
    columns = {mark[1].lower(): row[name] for name in row if (mark := _OPTION_COLUMN.fullmatch(name))}
    return {} if all(map(_is_blank, columns.values())) else columns


def names_option(column: str) -> bool:
    """Is this the column of one option?"""
    return _OPTION_COLUMN.fullmatch(column) is not None


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or value != value  # NaN is the null of some tables


def _key_mark(key: Any) -> str:
    return str(int(key)) if str(key).isdecimal() else str(key).upper()


def _in_order(keys: Mapping[str, Any]) -> Sequence[str]:
    """Numbers or letters in their order; other keys as they come."""
    if all(str(key).isdecimal() for key in keys):
        return sorted(keys, key=int)
    return sorted(keys, key=lambda key: str(key).upper()) if all(len(str(key)) == 1 for key in keys) else [*keys]


def _split_letters(answer: Any, choices: Sequence[_MarkedOption]) -> Any:
    """ "A, C" as ["A", "C"], if these are letters of options; any other answer as it is."""
    if (
        not isinstance(answer, str)
        or not _LETTERS_ALONE.fullmatch(answer)
        or _by_text(answer, [c.text for c in choices])
    ):
        return answer
    letters = [*dict.fromkeys(_LETTER_BETWEEN.findall(answer))]
    return letters if all(_by_mark(letter, choices) for letter in letters) else answer


def _option_of(answer: Any, choices: Sequence[_MarkedOption]) -> Any:
    """The option that an answer names; the answer itself if it names none."""
    if isinstance(answer, bool) or not isinstance(answer, str | int | float):
        return answer
    text = _option_text(answer)
    texts = [choice.text for choice in choices]
    means = _by_text(text, texts) | _by_mark(text, choices) | _by_truth(text, choices)
    if len(means) > 1:
        raise RowError("", "field `answer`: it may mean two options, by its text, its letter or its number; "
                           "write both letter and text, as in B) No")  # fmt: skip
    return means.pop() if means else answer


def _by_text(text: str, options: Sequence[str]) -> set[str]:
    if text in options:
        return {text}
    folded = _loose_text(text)
    same = [option for option in options if _loose_text(option) == folded]
    return set(same) if len(same) == 1 else set()


def _by_mark(text: str, choices: Sequence[_MarkedOption]) -> set[str]:
    """The options of a letter or a number, and of "B) No"; two if its letter and its text are those of two options."""
    if match := _LETTERED.fullmatch(text):
        by_letter = {choice.text for choice in choices if match[1].upper() in choice.marks}
        by_text = _by_text(match[2], [choice.text for choice in choices])
        agreed = {option for option in by_letter if _loose_text(option) == _loose_text(match[2])}
        return agreed or (by_letter | by_text if by_letter and by_text else set())
    letter, number = _LETTER_ALONE.fullmatch(text), _OPTION_NUMBER.fullmatch(text)
    mark = letter[1].upper() if letter else str(int(number[1])) if number else None
    return {choice.text for choice in choices if mark in choice.marks}


def _by_truth(text: str, choices: Sequence[_MarkedOption]) -> set[str]:
    """Yes for 1 and No for 0, where these two are the options and have no numbers as keys."""
    number = _OPTION_NUMBER.fullmatch(text)
    if number is None or int(number[1]) > 1 or len(choices) != 2 or choices[0].key.isdecimal():
        return set()
    from cxr_cli.answers.options.names import option_set  # few rows need it

    meanings = option_set(tuple(choice.text for choice in choices)).meanings
    meant = meanings.get("yes" if int(number[1]) else "no") if meanings.keys() == {"yes", "no"} else None
    return set() if meant is None else {choices[meant].text}


def _loose_text(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _option_text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
