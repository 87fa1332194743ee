"""What a model answered: "I see no air, so **B) No**." answers ["No"].

The answer tag alone counts; without one, the text outside the tags, then the thought.
"""

import re
from collections.abc import Mapping
from typing import Any

from cxr_cli.answers.answer_key import AnswerKey, answer_key
from cxr_cli.answers.lists import list_items, single_item
from cxr_cli.answers.option_choice import OptionChoice
from cxr_cli.answers.options.names import option_set
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.parsed_answer import CUT_OFF, NO_ANSWER, REFUSED, UNPARSABLE, ParsedAnswer
from cxr_cli.answers.replies.reply_parts import ReplyParts, parse_reply
from cxr_cli.answers.same_meaning import concluded_findings
from cxr_cli.answers.wording.cleaning import clean
from cxr_cli.answers.wording.cues import REFUSES, answer_line
from cxr_cli.answers.wording.languages import yes_or_no_in_english

_OPEN_CUE = re.compile(r"\b(?:answers?|findings?(?: \w+){0,5}? (?:include|are))\s*:?\s*", re.I)


def answer_of(case: Mapping[str, Any], text: str | None, finish: str | None = None) -> ParsedAnswer:
    """What a model's whole reply answers to this case. finish: why it ended, "length" if it was cut off."""
    return choose(parse_reply(text or ""), answer_key(case), finish)


def choose(parts: ReplyParts, key: AnswerKey, finish: str | None = None) -> ParsedAnswer:
    """The answer in a reply. If no part of it holds one, the first part says why.

    A thought that was cut off holds no answer, unless one is marked as such.
    """
    if parts.answer is not None:
        return _answer_in(parts.answer, key, True)
    cut_off = finish == "length" and parts.think is None
    texts = [text for text in (parts.rest, parts.think) if text]
    first = ParsedAnswer(None, NO_ANSWER)
    for n, text in enumerate(texts):
        if cut_off or (parts.open and text == parts.think):
            line = answer_line(clean(text))
            answer = _answer_in(line, key, True) if line else ParsedAnswer(None, CUT_OFF)
        elif n and not key.options:
            break  # a thought is no answer to an open question
        else:
            answer = _answer_in(text, key, False)
        if answer.texts is not None:
            return answer
        first = first if n else answer
    return first


def _answer_in(text: str, key: AnswerKey, in_tag: bool) -> ParsedAnswer:
    """The answer in one part of a reply. in_tag: is that part the answer tag?"""
    if key.options:
        options = option_set(tuple(key.options))
        cleaned = english = clean(text)
        if options.yes_no and options.exact_option(text) is None:
            english = yes_or_no_in_english(cleaned)
        return OptionChoice(OptionReader(english, options), key, in_tag, translated=english != cleaned).answer()
    return _open_answer(clean(text), key.several, in_tag)


def _open_answer(text: str, several: bool, in_tag: bool) -> ParsedAnswer:
    """The answer to a question without options: in the answer tag, behind the last cue, or a reply of one line."""
    cues = [] if in_tag else list(_OPEN_CUE.finditer(text))
    answer = text[cues[-1].end() :] if cues else text
    reason: str | None
    if not in_tag and not cues and ("\n" in text or len(text) > 200):
        if several and not REFUSES.pattern.search(text.lower()) and (findings := concluded_findings(text)) is not None:
            return ParsedAnswer(findings, None)
        reason = REFUSED if any(REFUSES.finditer(text.lower())) else UNPARSABLE
    else:
        reason = None if answer.strip() else NO_ANSWER
    return ParsedAnswer(None if reason else list_items(answer) if several else [single_item(answer)], reason)
