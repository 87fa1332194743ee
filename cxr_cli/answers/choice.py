"""What a model answered: "I see no air, so **B) No**." answers ["No"].

The answer tag alone counts; without one, the text outside the tags, then the thought. Each is searched in the ways of
WAYS, one after the other: a text that is nothing but an answer, the last explicit answer, the options marked as
chosen, the conclusion of the prose.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from cxr_cli.answers.cues import (
    CONCLUDES,
    CONDITION,
    DEFERS,
    FAVOURS,
    REFUSES,
    clean,
    marked_answer,
    plain,
    yes_or_no_meant,
)
from cxr_cli.answers.languages import yes_or_no_in_english
from cxr_cli.answers.lists import list_items, list_pieces, says_none, single_item
from cxr_cli.answers.meaning import concluded_findings
from cxr_cli.answers.options.mentions import OptionMention, OptionReader, without_option_list
from cxr_cli.answers.options.names import option_set
from cxr_cli.answers.options.prose import concluded_options
from cxr_cli.answers.options.short import short_answer
from cxr_cli.answers.reference import AnswerKey, answer_key
from cxr_cli.answers.reply_format import ReplyParts, parse_reply

NO_ANSWER, REFUSED, TWO, UNPARSABLE = "no answer", "refused", "names two options", "unparsable"
CUT_OFF = "cut off before an answer"
_OPEN_CUE = re.compile(r"\b(?:answers?|findings?(?: \w+){0,5}? (?:include|are))\s*:?\s*", re.I)
_LINE = 80  # characters of a line that may be an answer
_INDENT = re.compile(r"[\s\-–>:.]*")


class Answer(NamedTuple):
    """The option texts a model answers (phrases, if there are no options), or None and the reason."""

    texts: list[str] | None
    reason: str | None


def answer_of(case: Mapping[str, Any], text: str | None, finish: str | None = None) -> Answer:
    """What a model's whole reply answers to this case. finish: why it ended, "length" if it was cut off."""
    return choose(parse_reply(text or ""), answer_key(case), finish)


def choose(parts: ReplyParts, key: AnswerKey, finish: str | None = None) -> Answer:
    """The answer in a reply. If no part of it holds one, the first part says why.

    A thought that was cut off holds no answer, unless one is marked as such.
    """
    if parts.answer is not None:
        return _answer_in(parts.answer, key, True)
    cut_off = finish == "length" and parts.think is None
    texts = [text for text in (parts.rest, parts.think) if text]
    first = Answer(None, NO_ANSWER)
    for n, text in enumerate(texts):
        if cut_off or (parts.open and text == parts.think):
            marked = marked_answer(clean(text))
            found = _answer_in(marked, key, True) if marked else Answer(None, CUT_OFF)
        elif n and not key.options:
            break  # a thought is no answer to an open question
        else:
            found = _answer_in(text, key, False)
        if found.texts is not None:
            return found
        first = first if n else found
    return first


def _answer_in(text: str, key: AnswerKey, tagged: bool) -> Answer:
    """The answer in one part of a reply. tagged: that part is the answer tag."""
    if key.options:
        options = option_set(tuple(key.options))
        cleaned = clean(text)
        if options.yes_no and options.exact_option(text) is None:
            cleaned = yes_or_no_in_english(cleaned)
        return _AnswerSearch(OptionReader(cleaned, options), key, tagged).answer()
    return _open_answer(clean(text), key.several, tagged)


class _AnswerSearch:
    """The search for the answer in one part of a reply. tagged: that part is the answer tag."""

    def __init__(self, reader: OptionReader, key: AnswerKey, tagged: bool) -> None:
        self.reader, self.options, self.text = reader, reader.options, reader.text
        self.key, self.several, self.tagged = key, key.several, tagged

    def answer(self) -> Answer:
        """What the first of WAYS that finds an answer finds."""
        for way in WAYS:
            if answer := way(self):
                return answer
        return self.why_none()

    def none_of_them(self) -> Answer | None:
        """ "None of the above" is an answer where several options may be right: none of them is."""
        none = self.several and says_none(self.text) and plain(self.text) not in self.options.index
        return Answer([], None) if none else None

    def short(self) -> Answer | None:
        """A text that is nothing but a choice: "B and D", "Not A but B.", "B. It is round." """
        exact = self.options.exact_option(self.text)
        if exact is None and self.options.yes_no:
            exact = self.options.meanings.get(yes_or_no_meant(self.text))
        chosen = frozenset([exact]) if exact is not None else short_answer(self.reader, several=self.several)
        if chosen is None:
            return None
        return self._pick(chosen) if chosen else Answer(None, NO_ANSWER)

    def whole_text(self) -> Answer | None:
        """A text that is nothing but options, or, in the answer tag, begins with them: "B", "B) No.", "A, C"."""
        indent = _INDENT.match(self.text)
        run = self.reader.run_from(indent.end() if indent else 0)
        rest = self.text[run.end :].lstrip(" )]}\"'") if run else self.text
        whole = not rest.strip(" .!\n") or (self.tagged and (not self.several or rest[0] in ".:\n(-"))
        return self._pick(run.options) if run and whole else None

    def tagged_list(self) -> Answer | None:
        """A list in the answer tag, if one item names an option at least; an item that names none stays as it is."""
        if not (self.several and self.tagged):
            return None
        pieces = [piece for piece in list_pieces(self.text) if piece]
        runs = [(piece, OptionReader(piece, self.options).run_from(0)) for piece in pieces]
        if not any(run and run.end == len(piece) for piece, run in runs):
            return None
        named = [self.options.texts[i] for _, run in runs if run for i in sorted(run.options) if i >= 0]
        return Answer(list(dict.fromkeys(named)) + [piece for piece, run in runs if not run], None)

    def explicit(self) -> Answer | None:
        """The last of "the answer is B", "I choose B" that depends on no "if"."""
        firm = [mention for mention in self._explicit if not self.reader.is_conditional(mention)]
        return self._pick(firm[-1].options) if firm else None

    def last_line(self) -> Answer | None:
        """A last line that is nothing but a choice: "Answer B"."""
        start = self.text.rfind("\n") + 1
        last = self.text[start:].strip()
        a, b = self.reader.sentences_around(start, len(self.text))
        if not start or len(last) > _LINE or self.reader.has_cue(CONDITION, a, b):
            return None
        if any(mention.start < start for mention in self._marked):
            return None
        chosen = short_answer(OptionReader(last, self.options), several=self.several, reason=False)
        return self._pick(chosen) if chosen and (self.several or len(chosen) == 1) else None

    def marked(self) -> Answer | None:
        """The options marked as chosen. If one alone may be right, the last of several, if the text concludes it."""
        named = _named(self._chosen)
        if named and not self.several and len(named) > 1:
            named = self._chosen[-1].options if self._concludes(self._chosen) else frozenset()
        return self._pick(named) if named else None

    def prose(self) -> Answer | None:
        """What the prose concludes, without a word that names an answer: "There is no edema." """
        found = self._prose
        return self._pick(found) if found and (self.several or len(found) == 1) else None

    def remaining(self) -> Answer | None:
        """The one option that is left where all others are called wrong."""
        left = frozenset(range(len(self.options.texts))) - self.reader.wrong_options()
        return self._pick(left) if len(left) == 1 and not self.several else None

    def why_none(self) -> Answer:
        """No answer, with the reason."""
        if self._prose or len(_named([*self._explicit, *self._marked]) - {-1}) > 1:
            reason = TWO
        elif self.reader.has_cue(REFUSES) or self.reader.has_cue(DEFERS):
            reason = REFUSED
        else:
            unknown_letter = any(-1 in mention.options for mention in self._marked)
            reason = UNPARSABLE if self.tagged or unknown_letter else NO_ANSWER
        return Answer(None, reason)

    @cached_property
    def _explicit(self) -> list[OptionMention]:
        return self.reader.explicit_mentions()

    @cached_property
    def _marked(self) -> list[OptionMention]:
        return self.reader.marked_mentions()

    @cached_property
    def _chosen(self) -> list[OptionMention]:
        """The marked options, unless they only repeat the list of options or depend on an "if"."""
        known = [mention for mention in self._marked if -1 not in mention.options]
        kept = without_option_list(self.text, known, len(self.options.texts), single=not self.several)
        return [mention for mention in kept if not self.reader.is_conditional(mention)]

    @cached_property
    def _prose(self) -> frozenset[int]:
        silent = self._chosen or self.reader.has_cue(REFUSES)
        return frozenset() if silent else concluded_options(self.reader, self.key.question, self.key.findings)

    def _pick(self, named: frozenset[int]) -> Answer:
        """The answer that names these options; no answer if one of them does not exist, or if they are too many."""
        reason = UNPARSABLE if -1 in named else TWO if len(named) > 1 and not self.several else None
        return Answer(None if reason else [self.options.texts[i] for i in sorted(named)], reason)

    def _concludes(self, mentions: list[OptionMention]) -> bool:
        """Does the last mention stand alone in a concluding sentence, or in a last one that calls it the best?"""
        reader = self.reader
        a, b = reader.sentences_around(mentions[-1].start, mentions[-1].end)
        alone = len({m.options for m in mentions if a <= m.start < b}) == 1
        near_end = b >= reader.sentences[-min(2, len(reader.sentences))][1]
        return alone and (reader.has_cue(CONCLUDES, a, b) or (near_end and reader.has_cue(FAVOURS, a, b)))


WAYS: tuple[Callable[[_AnswerSearch], Answer | None], ...] = (
    _AnswerSearch.none_of_them,
    _AnswerSearch.short,
    _AnswerSearch.whole_text,
    _AnswerSearch.tagged_list,
    _AnswerSearch.explicit,
    _AnswerSearch.marked,
    _AnswerSearch.last_line,
    _AnswerSearch.prose,
    _AnswerSearch.remaining,
)


def _named(mentions: Iterable[OptionMention]) -> frozenset[int]:
    return frozenset(index for mention in mentions for index in mention.options)


def _open_answer(text: str, several: bool, tagged: bool) -> Answer:
    """The answer to a question without options: in the answer tag, behind the last cue, or a reply of one line."""
    cues = [] if tagged else list(_OPEN_CUE.finditer(text))
    answer = text[cues[-1].end() :] if cues else text
    reason: str | None
    if not tagged and not cues and ("\n" in text or len(text) > 200):
        if several and not REFUSES.pattern.search(text.lower()) and (found := concluded_findings(text)) is not None:
            return Answer(found, None)
        reason = REFUSED if any(REFUSES.finditer(text.lower())) else UNPARSABLE
    else:
        reason = None if answer.strip() else NO_ANSWER
    return Answer(None if reason else list_items(answer) if several else [single_item(answer)], reason)
