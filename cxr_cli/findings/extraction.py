"""From a text to the findings it states: one pass over each sentence, driven by the lexicon.

    >>> [f[:5] for f in read("No pneumothorax. Small left effusion.")]
    [('pneumothorax', 'absent', None, None, None), ('pleural effusion', 'present', 'left', None, 'mild')]

The method descends from NegEx (Chapman et al. 2001) and its kin: cues open and close scopes; here they also cover
hedges, plans, lists, attributes and statements made of an anatomy and a quality ("the heart is enlarged").
"""

import re
from collections.abc import Iterable
from functools import lru_cache, partial

from cxr_cli.findings.finding import Finding, Statement, new_tuple
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.lexicon.tokens import Token
from cxr_cli.findings.precedence import READINGS, without_overruled
from cxr_cli.findings.sections import WITHOUT_FINDINGS, plain_text
from cxr_cli.findings.sections.text_cache import cached_by_text
from cxr_cli.findings.sentence_reader import SentenceReader, SentenceReading
from cxr_cli.findings.sentences import sentences

LOOK_BACK = 8  # sentences that a word like "one" may refer back over
_LIST_MARK = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s*")


class Reader:
    """Reads texts with one lexicon. Sentences and texts are remembered, since reports and steps repeat themselves; long
    texts are not."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._sentences = SentenceReader(lexicon)
        self._alone = cached_by_text(4096)(partial(self._statements, topic=()))  # without a topic before it

    def statements(self, text: str, topic: Iterable[Finding] = ()) -> list[Statement]:
        """The sentences of `text`, each with its findings.

        A sentence that gives only a verdict ("This is ruled out.") gives it on the topic of the sentence before it.
        topic: findings asked about before this text begins (a question's options, say).
        """
        statements, open_verdict = self._alone(text)
        return list(self._statements(text, tuple(topic))[0] if open_verdict and topic else statements)

    def read(self, text: str) -> list[Finding]:
        """The findings that `text` states, in order."""
        return [f for statement in self._alone(text)[0] for f in statement.findings]

    def phrases(self, sentence: str) -> list[Token]:
        """The phrases of the lexicon in a sentence; see `SentenceReader.phrases`."""
        return self._sentences.phrases(sentence)

    def _statements(self, text: str, topic: tuple[Finding, ...]) -> tuple[list[Statement], bool]:
        """The statements of a text, and whether a verdict in it has no topic."""
        statements: list[Statement] = []
        open_verdict, several = False, False
        text = plain_text(text)
        lead = ""  # a sentence that its list completes: "No evidence of:"
        for start, end, section in sentences(text):
            if section in WITHOUT_FINDINGS:
                statements.append(Statement(start, end, section, ()))
                continue
            if section in READINGS:
                several = True
            (findings, own_topic, verdict, waits), lead = self._sentence(text, start, end, lead)
            if waits and (antecedent := _last_finding(statements)):
                findings, own_topic, verdict, _ = self._sentences.read(text[start:end], antecedent).at(start)
            if verdict and not findings:
                if statements and topic and statements[-1].findings == topic:  # "Pneumothorax? None."
                    statements[-1] = statements[-1]._replace(findings=(), topic=topic)
                open_verdict = open_verdict or not (own_topic or topic)
                findings = tuple([f._replace(status=verdict, start=start, end=end) for f in own_topic or topic])
                topic = ()
            elif own_topic:
                topic = own_topic
            elif findings:
                topic = findings if text.endswith("?", start, end) else ()
            statements.append(new_tuple(Statement, (start, end, section, findings, own_topic)))
        return without_overruled(statements, self.lexicon) if several else statements, open_verdict

    def _sentence(self, text: str, start: int, end: int, lead: str) -> tuple[SentenceReading, str]:
        """What a sentence states, with places in the text, and the lead of the list that goes on behind it."""
        sentence = text[start:end]
        if lead and _is_item(text, start):
            reading, offset = self._sentences.read(lead + sentence), start - len(lead)
        else:
            reading, offset = self._sentences.read(sentence), start
            lead = sentence + " " if sentence.endswith(":") and self._sentences.denies(sentence) else ""
        return reading.at(offset) if offset else reading, lead


def _last_finding(statements: list[Statement]) -> str | None:
    """The name of the last finding that these sentences state or ask about."""
    for statement in reversed(statements[-LOOK_BACK:]):
        if findings := statement.findings + statement.topic:
            return max(findings, key=lambda finding: finding.start).name
    return None


def _is_item(text: str, start: int) -> bool:
    """Does an item of a list, with a bullet or a number before it, begin at `start`?"""
    line = text.rfind("\n", 0, start) + 1
    return bool(_LIST_MARK.fullmatch(text, line, start))


def observations(texts: Iterable[str], reader: Reader) -> list[Finding]:
    """The distinct findings of some texts, in order. Distinct: by name, status, side and zone."""
    distinct: dict[tuple[str | None, ...], Finding] = {}
    for text in texts:
        for finding in reader.read(text):
            distinct.setdefault(finding[:4], finding)
    return list(distinct.values())


def reader(lexicon: Lexicon | None = None) -> Reader:
    """The reader for a lexicon (None: the packaged one); the same one for the same lexicon."""
    return _reader(lexicon or Lexicon.load())


_reader = lru_cache(maxsize=4)(Reader)


def read(text: str) -> list[Finding]:
    """The findings that `text` states, by the packaged lexicon."""
    return reader().read(text)
