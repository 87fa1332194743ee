"""Which options a text answers, searched in the ways of WAYS, one after the other.

A text that is nothing but an answer, the last explicit answer, the options marked as chosen, the conclusion of the
prose.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from cxr_cli.answers.answer_key import AnswerKey
from cxr_cli.answers.lists import list_pieces, says_none
from cxr_cli.answers.options.explicit import explicit_mentions
from cxr_cli.answers.options.joint import says_all
from cxr_cli.answers.options.marks import REFUTED, marked_mentions, without_option_list, wrong_options
from cxr_cli.answers.options.prose import concluded_options
from cxr_cli.answers.options.reader import OptionMention, OptionReader
from cxr_cli.answers.options.short import short_answer
from cxr_cli.answers.options.yes_no_prose import YesOrNo
from cxr_cli.answers.parsed_answer import NO_ANSWER, REFUSED, TWO, UNPARSABLE, ParsedAnswer
from cxr_cli.answers.same_meaning import same_meaning
from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.answers.wording.cues import CONDITION, DEFERS, FAVOURS, IN_CONCLUSION, REFUSES
from cxr_cli.answers.wording.synonyms import yes_or_no_meant
from cxr_cli.findings import reader as findings_reader

_LONGEST_ANSWER_LINE = 80  # characters of a line that may be an answer
_YES_NO_AND_MORE = re.compile(r"\W*(?:yes|no)\b\W*\w", re.I)
_PLAIN_CUES = ("at", "verb", "comma", "seen", "assert", "confirm")
_KINDS_THAT_STATE = ("good", "change")  # kinds of phrases that state something of a place
_SAYS_NOTHING = re.compile(r"\bnothing\b", re.I)
_INDENT = re.compile(r"[\s\-–>:.]*")


class OptionChoice:
    """The search for the answer in one part of a reply. in_tag: is that part the answer tag? translated: was its yes or
    no another language's?"""

    def __init__(self, reader: OptionReader, key: AnswerKey, in_tag: bool, translated: bool = False) -> None:
        self.reader, self.options, self.text = reader, reader.options, reader.text
        self.key, self.several, self.in_tag, self.translated = key, key.several, in_tag, translated

    def answer(self) -> ParsedAnswer:
        """What the first of WAYS that finds an answer finds."""
        for way in WAYS:
            if answer := way(self):
                return ParsedAnswer(None, TWO) if self._contradicts_itself(answer) else answer
        return self.why_none()

    def none_or_all(self) -> ParsedAnswer | None:
        """ "None of the above" and "All of them" are answers where several options may be right."""
        if not self.several or plain(self.text) in self.options.index:
            return None
        if says_none(self.text):
            return ParsedAnswer([], None)
        return ParsedAnswer([*self.options.texts], None) if says_all(self.text, len(self.options.texts)) else None

    def short(self) -> ParsedAnswer | None:
        """A text that is nothing but a choice: "B and D", "Not A but B.", "B. It is round." """
        exact = self.options.exact_option(self.text)
        if exact is None and self.options.yes_no:
            exact = self.options.meanings.get(yes_or_no_meant(self.text))
        indexes = frozenset([exact]) if exact is not None else short_answer(self.reader, several=self.several)
        if indexes is None or (not indexes and "abnormal" in self.options.meanings):
            return None  # "It isn't normal."
        if len(indexes) > 1 and not self.several and len(_options_of(self._explicit)) == 1:
            return None  # "A nodule and a mass are seen, so the answer is C"
        return self._pick(indexes) if indexes else ParsedAnswer(None, NO_ANSWER)

    def whole_text(self) -> ParsedAnswer | None:
        """A text that is nothing but options, or, in the answer tag, begins with them: "B", "B) No.", "A, C"."""
        indent = _INDENT.match(self.text)
        run = self.reader.run_from(indent.end() if indent else 0)
        rest = self.text[run.end :].lstrip(" )]}\"'") if run else self.text
        taken_back = rest.startswith("?") or REFUTED.match(rest.lower()) or self._explicit
        begins = self.in_tag and (rest[:1] in ".:\n(-" if self.several else not taken_back)
        whole = not rest.strip(" .!\n") or begins
        return self._pick(run.options, run.either) if run and whole else None

    def list_in_tag(self) -> ParsedAnswer | None:
        """A list in the answer tag, if one item names an option at least; an item that names none stays as it is."""
        if not (self.several and self.in_tag):
            return None
        pieces = [piece for piece in list_pieces(self.text) if piece]
        runs = [(piece, OptionReader(piece, self.options).run_from(0)) for piece in pieces]
        if not any(run and run.end == len(piece) for piece, run in runs):
            return None
        names = [self.options.texts[i] for _, run in runs if run for i in sorted(run.options) if i >= 0]
        return ParsedAnswer(list(dict.fromkeys(names)) + [piece for piece, run in runs if not run], None)

    def explicit(self) -> ParsedAnswer | None:
        """The last of "the answer is B", "I choose B" that depends on no "if"."""
        firm = [mention for mention in self._explicit if not self.reader.is_conditional(mention)]
        return self._pick(firm[-1].options, firm[-1].either) if firm else None

    def last_line(self) -> ParsedAnswer | None:
        """A last line that is nothing but a choice: "Answer B"."""
        start = self.text.rfind("\n") + 1
        last = self.text[start:].strip()
        a, b = self.reader.sentences_around(start, len(self.text))
        if not start or len(last) > _LONGEST_ANSWER_LINE or self.reader.has_cue(CONDITION, a, b):
            return None
        if any(mention.start < start for mention in self._marks):
            return None
        indexes = short_answer(OptionReader(last, self.options), several=self.several, reason=False)
        return self._pick(indexes) if indexes and (self.several or len(indexes) == 1) else None

    def marks(self) -> ParsedAnswer | None:
        """The options marked as chosen. If one alone may be right, the last of several, if the text concludes it."""
        indexes = _options_of(self._chosen_marks)
        if indexes and not self.several and len(indexes) > 1:
            indexes = self._chosen_marks[-1].options if self._concludes(self._chosen_marks) else frozenset()
        return self._pick(indexes) if indexes else None

    def prose(self) -> ParsedAnswer | None:
        """What the prose concludes, without a word that names an answer: "There is no edema." """
        indexes = self._prose
        return self._pick(indexes) if indexes and (self.several or len(indexes) == 1) else None

    def remaining(self) -> ParsedAnswer | None:
        """The one option that is left where all others are called wrong."""
        rest = frozenset(range(len(self.options.texts))) - wrong_options(self.reader)
        return self._pick(rest) if len(rest) == 1 and not self.several else None

    def same_meaning(self) -> ParsedAnswer | None:
        """A few words that mean one option and no other: "on the patient's left", "right-sided"."""
        if self.several or self.options.yes_no or "\n" in self.text or len(self.text) > _LONGEST_ANSWER_LINE:
            return None
        phrases = findings_reader().phrases(self.text)
        if _SAYS_NOTHING.search(self.text) or any(
            kind in _KINDS_THAT_STATE or (kind == "cue" and cue not in _PLAIN_CUES) for kind, cue, *_ in phrases
        ):
            return None  # "not on the right", "possibly the left", "the left lung is clear"
        same = [i for i, text in enumerate(self.options.texts) if same_meaning(self.text, text)]
        return self._pick(frozenset(same)) if len(same) == 1 else None

    def why_none(self) -> ParsedAnswer:
        """No answer, with the reason."""
        if self._prose or len(_options_of([*self._explicit, *self._marks]) - {-1}) > 1:
            reason = TWO
        elif self.reader.has_cue(REFUSES) or self.reader.has_cue(DEFERS):
            reason = REFUSED
        else:
            unknown_letter = any(-1 in mention.options for mention in self._marks)
            reason = UNPARSABLE if self.in_tag or unknown_letter else NO_ANSWER
        return ParsedAnswer(None, reason)

    @cached_property
    def _explicit(self) -> list[OptionMention]:
        return explicit_mentions(self.reader)

    @cached_property
    def _marks(self) -> list[OptionMention]:
        return marked_mentions(self.reader)

    @cached_property
    def _chosen_marks(self) -> list[OptionMention]:
        """The marked options, unless they only repeat the list of options or depend on an "if"."""
        existing = [mention for mention in self._marks if -1 not in mention.options]
        marks = without_option_list(self.text, existing, len(self.options.texts), single=not self.several)
        return [mention for mention in marks if not self.reader.is_conditional(mention)]

    @cached_property
    def _prose(self) -> frozenset[int]:
        silent = self._chosen_marks or self.reader.has_cue(REFUSES)
        return frozenset() if silent else concluded_options(self.reader, self.key.question, self.key.findings)

    def _pick(self, indexes: frozenset[int], either: bool = False) -> ParsedAnswer:
        """The answer that names these options; no answer if one of them does not exist, or if they are too many.

        either: is it one or the other of them?
        """
        too_many = len(indexes) > 1 and (either or not self.several)
        reason = UNPARSABLE if -1 in indexes else TWO if too_many else None
        return ParsedAnswer(None if reason else [self.options.texts[i] for i in sorted(indexes)], reason)

    def _contradicts_itself(self, answer: ParsedAnswer) -> bool:
        """ "Yes, no effusion is seen." """
        if not (self.options.yes_no and answer.texts and not self.translated and _YES_NO_AND_MORE.match(self.text)):
            return False
        option = self.options.texts.index(answer.texts[0])
        return YesOrNo(self.reader, self.key.question, self.key.findings).contradicts(option)

    def _concludes(self, mentions: list[OptionMention]) -> bool:
        """Does the last mention stand alone in a concluding sentence, or in a last one that calls it the best?"""
        reader = self.reader
        a, b = reader.sentences_around(mentions[-1].start, mentions[-1].end)
        alone = len({m.options for m in mentions if a <= m.start < b}) == 1
        near_end = b >= reader.sentences[-min(2, len(reader.sentences))][1]
        return alone and (reader.has_cue(IN_CONCLUSION, a, b) or (near_end and reader.has_cue(FAVOURS, a, b)))


WAYS: tuple[Callable[[OptionChoice], ParsedAnswer | None], ...] = (
    OptionChoice.none_or_all,
    OptionChoice.short,
    OptionChoice.whole_text,
    OptionChoice.list_in_tag,
    OptionChoice.explicit,
    OptionChoice.marks,
    OptionChoice.last_line,
    OptionChoice.prose,
    OptionChoice.remaining,
    OptionChoice.same_meaning,
)


def _options_of(mentions: Iterable[OptionMention]) -> frozenset[int]:
    return frozenset(index for mention in mentions for index in mention.options)
