"""Whether a reply answers its question right. The way from a text to its scores:

    parse_reply(text)         reply_format.py   the reply's parts: the thought, the answer tag, the rest
    answer_key(case)          reference.py      the question, its options and the right answer
    choose(parts, key)        choice.py         the options that the reply chooses, or why it chooses none
    grade(case, text)         here              the chosen options against the right ones

No answer is not a wrong answer: its score is None, with a reason.
"""

from collections.abc import Mapping
from typing import Any

from cxr_cli.answers.choice import NO_ANSWER, choose
from cxr_cli.answers.cues import plain
from cxr_cli.answers.reference import answer_key
from cxr_cli.answers.reply_format import parse_reply

NO_REFERENCE, NOT_AN_OPTION = "no reference answer", "reference answer is no option"


def grade(case: Mapping[str, Any], text: str | None, finish: str | None = None) -> tuple[dict[str, float | None], dict[str, str]]:
    """The answer's scores and, for each that is null, the reason, as a scored row holds them.

    accuracy: 1 when exactly the right options are named, else 0. answer_f1, where several may be right: partial
    credit, 2 |given and right| / (|given| + |right|). format: 1 when the reply keeps to the tags, else 0.
    """
    parts, key = parse_reply(text or ""), answer_key(case)
    answer = choose(parts, key, finish)
    metrics = ["accuracy", "answer_f1"] if key.several else ["accuracy"]
    scores: dict[str, float | None] = dict.fromkeys(metrics)
    why: dict[str, str] = {}
    if key.reference is None:
        why = dict.fromkeys(metrics, NOT_AN_OPTION if case.get("answer") else NO_REFERENCE)
    elif answer.texts is None:
        why = dict.fromkeys(metrics, answer.reason or NO_ANSWER)
    else:
        given, right = set(map(plain, answer.texts)), set(map(plain, key.reference))
        scores["accuracy"] = float(given == right)
        if key.several:
            both = len(given) + len(right)
            scores["answer_f1"] = 2 * len(given & right) / both if both else 1.0
    if text and text.strip():
        scores["format"] = float(parts.well_formed)
    else:
        scores["format"], why["format"] = None, NO_ANSWER
    return scores, why
