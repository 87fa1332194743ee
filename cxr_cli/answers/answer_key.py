"""What a case asks, and the answer it expects."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cxr_cli.answers.lists import list_items, says_none
from cxr_cli.answers.options.names import OptionSet, option_set
from cxr_cli.answers.options.prose import concluded_options
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.options.short import short_answer
from cxr_cli.answers.replies.reply_format import LETTERS, parse_prompt
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.wording.cleaning import clean, plain
from cxr_cli.answers.wording.synonyms import MEANING, yes_or_no_meant
from cxr_cli.findings import reader
from cxr_cli.tasks.task_table import task_of

YES_NO = ("Yes", "No")  # the options of a closed question that lists none
_IMPLIED_LETTERS = tuple(LETTERS[:8])  # those of a row that gives a letter and no options
_ASKS_YES_NO = re.compile(
    r"\W*(?:is|are|was|were|does|do|did|has|have|can|could|should|would|will)\b(?!.*\bor\b)", re.I
)
_ASKS_WHAT = re.compile(r"\b(?:what|which|where|how|who|when|why|list|name|describe)\b", re.I)
_ONLY_LETTERS = re.compile(r"\W*+(?:(?:[A-H]\W++|[A-H]\Z)+|A?B?C?D?E?F?G?H?)\W*")
_ASKS_FOR_SET = re.compile(r"\b(?:findings|abnormalities|diseases|pathologies|labels|conditions|observations)\b", re.I)
_LETTER_MARK = re.compile(r"\W*[A-H][).:]", re.I)
_YES_NO_NUMBERS = ("0", "1", "0 0", "1 0")
_INDEX = re.compile(r"(\d{1,9})(?:\.0+)?")


class AnswerKey(NamedTuple):
    """A question, and what counts as its right answer.

    findings: that the question is about. reference: the right answer as option texts (phrases, if there are no
    options), None if the case has none that fits. several: more than one option may be right. missing: the case gives
    no answer at all.
    """

    question: str
    options: Sequence[str] = ()
    findings: Sequence[str] = ()
    reference: list[str] | None = None
    several: bool = False
    missing: bool = False


def answer_key(case: Mapping[str, Any]) -> AnswerKey:
    """Of a case. The options are those in `options`, else those in the text of the question itself, else Yes and No
    for a closed question, or letters for a row whose answer is a letter."""
    question, prompt_options = parse_prompt(str(case.get("question") or ""))
    options = case.get("options") or prompt_options
    findings = case.get("findings") or ()
    answer = row_answer(case)
    if not options:
        options = _implied_options(question, findings, answer_texts(answer))
    reference = reference_texts(case, options)
    several = task_of(case, options).several
    if options:
        many = isinstance(answer, list) or len(reference or ()) > 1
        several = several or (many and not option_set(tuple(options)).yes_no)
    else:
        several = several or isinstance(answer, list) or _is_set(question, answer_texts(answer))
    return AnswerKey(question, options, findings, reference, several, missing=answer is None)


def row_answer(case: Mapping[str, Any]) -> Any:
    """The right answer as the row gives it, under `answer` or, in tables of predictions, `label`; None for none."""
    answer = case.get("answer")
    answer = case.get("label") if answer is None or answer == "" else answer
    return None if answer == "" else answer


def reference_texts(case: Mapping[str, Any], options: Sequence[str]) -> list[str] | None:
    """The right answer as option texts (phrases, if there are no options); None if the case has none that fits.

    Rows of other tools give letters ("B", "<answer> B </answer>", "AC", ["A", "C"], "\\\\boxed{A}"), an option's index,
    counted from 0, or true, false, 1 and 0 for yes and no.
    """
    answer = row_answer(case)
    if answer is None:
        return None
    texts = answer_texts(answer)
    if options:
        findings, question = case.get("findings") or (), parse_prompt(str(case.get("question") or ""))[0]
        expected = _expected_options(tuple(texts), option_set(tuple(options)), question, tuple(findings))
        return None if expected is None else [*expected]
    several = task_of(case, options).several or isinstance(answer, list)
    if several or _is_set(str(case.get("question") or ""), texts):
        return [item for text in texts for item in list_items(text)]
    return texts


def _is_set(question: str, texts: Sequence[str]) -> bool:
    """Is the answer a set of findings by their names ("Lung Opacity, Support Devices"), or one such of a question for
    all findings?"""
    items = list_items(texts[0]) if len(texts) == 1 else []
    are_names = all(map(reader().lexicon.find, items))
    return are_names and (len(items) > 1 or (len(texts) == 1 and _ASKS_FOR_SET.search(question) is not None))


def answer_texts(answer: Any) -> list[str]:
    """The parts of an answer as texts, without tags; [] for none."""
    if answer is None:
        return []
    parts = [parse_reply(_value_as_text(part)) for part in (answer if isinstance(answer, list) else [answer])]
    return [(part.answer or part.rest).strip() for part in parts]


def _value_as_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _implied_options(question: str, findings: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """The options of a case that lists none, by its question and the texts of its answer; () for an open question."""
    if texts and all(map(_ONLY_LETTERS.fullmatch, texts)):
        return _IMPLIED_LETTERS
    if len(texts) != 1 or _ASKS_WHAT.search(question):
        return ()
    yes_no, text = option_set(YES_NO), clean(texts[0])
    sentence = _ASKS_YES_NO.match(question) and len(text.split()) > 3
    plainly = MEANING.get(plain(text)) in yes_no.meanings or plain(text) in _YES_NO_NUMBERS
    closed = (
        plainly
        or (not _LETTER_MARK.match(text) and short_answer(OptionReader(text, yes_no), several=False))
        or (sentence and concluded_options(OptionReader(text, yes_no), question, findings))
    )
    return YES_NO if closed else ()


def _yes_or_no(text: str, options: OptionSet) -> frozenset[int]:
    """Yes or No where a text is that, or begins with it: "No, there is none."; neither for anything else."""
    meaning = MEANING.get(plain(text)) or yes_or_no_meant(text)
    if meaning in options.meanings:
        return frozenset([options.meanings[meaning]])
    return short_answer(OptionReader(text, options), several=False) or frozenset()


@lru_cache(maxsize=1024)
def _expected_options(
    texts: Sequence[str], options: OptionSet, question: str, findings: Sequence[str]
) -> list[str] | None:
    """The texts of the options that these texts name; None if one names no option.

    Kept in a cache, since questions with the same options and the same answer come again.
    """
    indexes: set[int] = set()
    for text in map(clean, texts):
        these = _whole_text_options(text, options)
        if these is None and options.yes_no:
            these = _yes_or_no(text, options) or concluded_options(OptionReader(text, options), question, findings)
        if these is None and not says_none(text):
            return None
        indexes |= these or frozenset()
    both = options.yes_no and len(indexes) != 1 and not all(map(_ONLY_LETTERS.fullmatch, texts))
    return None if -1 in indexes or both else [options.texts[i] for i in sorted(indexes)]


def _whole_text_options(text: str, options: OptionSet) -> frozenset[int] | None:
    """The options that the whole text names, by index; None if it names none."""
    exact = options.exact_option(text)
    exact = options.index.get(plain(text)) if exact is None else exact
    if exact is not None:
        return frozenset([exact])
    numbers = [_INDEX.fullmatch(part) for part in re.split(r"[\s,;|\[\]]+", text.strip("[] "))]
    if all(numbers) and not options.yes_no:
        indexes = frozenset(int(number[1]) for number in numbers if number)
        return indexes if max(indexes) < len(options.texts) else None
    return short_answer(OptionReader(text, options), several=True) or None
