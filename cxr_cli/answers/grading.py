"""Whether a reply answers its question right. The way from a text to its scores:

    parse_reply(text)         replies/         the reply's parts: the thought, the answer tag, the rest
    answer_key(case)          answer_key.py     the question, its options and the right answer
    choose(parts, key)        reply_reader.py   the options that the reply chooses, or why it chooses none
    same_meaning(..)          same_meaning.py   an open answer against the right one
    grade(case, text)         here              the chosen options against the right ones

No answer is not a wrong answer: its score is None, with a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.answer_key import AnswerKey, answer_key
from cxr_cli.answers.parsed_answer import NO_ANSWER, UNPARSABLE, ParsedAnswer
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.reply_reader import choose
from cxr_cli.answers.same_meaning import items_in_common, same_meaning
from cxr_cli.answers.wording.cleaning import plain

NO_REFERENCE_ANSWER, NOT_AN_OPTION = "no reference answer", "reference answer is no option"
UNJUDGED = "open answer: the rules cannot compare it; --judge llm can"
BEYOND_RULES = (UNJUDGED, UNPARSABLE)
"""The reasons for which an open answer has no accuracy by the rules, though it may be an answer."""

Grades = tuple[dict[str, float | None], dict[str, str]]


def grade(case: Mapping[str, Any], text: str | None, finish: str | None = None) -> Grades:
    """The answer's scores and, for each that is null, the reason, as a scored row holds them.

    accuracy: 1 when exactly the right options are named, else 0; of an open answer, when it means the same. Where
    several may be right, partial credit too: answer_f1, 2 |given and right| / (|given| + |right|), and
    answer_jaccard, |given and right| / |given or right|. format: 1 when the reply keeps to the tags, else 0.
    finish: why the reply ended.
    """
    return grade_reply(answer_key(case), text, finish)


def grade_reply(key: AnswerKey, text: str | None, finish: str | None = None) -> Grades:
    """`grade` by what a case asks and expects, which its replies share."""
    parts = parse_reply(text or "")
    scores, why = grade_answer(key, choose(parts, key, finish))
    if text and text.strip():
        return {**scores, "format": float(parts.well_formed)}, why
    return {**scores, "format": None}, {**why, "format": NO_ANSWER}


def grade_answer(key: AnswerKey, answer: ParsedAnswer) -> Grades:
    """The scores of an answer, without `format`."""
    metrics = ["accuracy", "answer_f1", "answer_jaccard"] if key.several else ["accuracy"]
    scores: dict[str, float | None] = dict.fromkeys(metrics)
    why: dict[str, str] = {}
    if key.reference is None:
        why = dict.fromkeys(metrics, NO_REFERENCE_ANSWER if key.missing else NOT_AN_OPTION)
    elif answer.texts is None:
        why = dict.fromkeys(metrics, answer.reason or NO_ANSWER)
    elif key.several:
        scores |= _overlap(answer.texts, key.reference, key)
    else:
        right = _is_right(answer.texts, key.reference, key)
        scores["accuracy"] = None if right is None else float(right)
        why = {"accuracy": UNJUDGED} if right is None else {}
    return scores, why


def _is_right(answers: Sequence[str], right: Sequence[str], key: AnswerKey) -> bool | None:
    """Of one right answer. None: the two cannot be compared."""
    if key.options or len(answers) != 1 or len(right) != 1:
        return set(map(plain, answers)) == set(map(plain, right))
    return same_meaning(answers[0], right[0])


def _overlap(answers: Sequence[str], right: Sequence[str], key: AnswerKey) -> dict[str, float | None]:
    """Of several right answers."""
    mine, theirs = ({plain(text): text for text in texts} for texts in (answers, right))
    common = len(mine.keys() & theirs.keys())
    if not key.options:
        common = items_in_common([*mine.values()], [*theirs.values()])
    both = len(mine) + len(theirs)
    return {
        "accuracy": float(2 * common == both),
        "answer_f1": 2 * common / both if both else 1.0,
        "answer_jaccard": common / (both - common) if both else 1.0,
    }
