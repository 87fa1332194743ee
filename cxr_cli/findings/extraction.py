"""From a text to the findings it states: one pass over each sentence, driven by the lexicon.

    >>> [f[:5] for f in read("No pneumothorax. Small left effusion.")]
    [('pneumothorax', 'absent', None, None, None), ('pleural effusion', 'present', 'left', None, 'mild')]

The method descends from NegEx (Chapman et al. 2001) and its kin: cues open and close scopes; here they also cover
hedges, plans, lists, attributes and statements made of an anatomy and a quality ("the heart is enlarged").
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cxr_cli.findings.clauses.clause import Clause
from cxr_cli.findings.clauses.composition import compose
from cxr_cli.findings.clauses.mention import Mention
from cxr_cli.findings.clauses.state import Token
from cxr_cli.findings.finding import Finding, Statement
from cxr_cli.findings.lexicon import Concept, Lexicon
from cxr_cli.findings.precedence import READINGS, settled
from cxr_cli.findings.sections import WITHOUT_FINDINGS, plain_text
from cxr_cli.findings.sentences import sentences
from cxr_cli.findings.wording.context import in_context
from cxr_cli.findings.wording.normal_form import Offsets, normalise, original
from cxr_cli.findings.wording.words import Words


class Reader:
    """Reads texts with one lexicon. Sentences and texts are remembered, since reports and steps repeat themselves."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._automaton, self._concepts, self._phrases = lexicon.matcher
        self._words = Words(lexicon)
        self._index = {phrase: index for index, phrase in enumerate(self._phrases)}
        self._attributes: dict[str, list[Concept]] = {}
        for kind in ("side", "zone"):
            for value, phrases in lexicon.data[kind].items():
                for phrase in phrases:
                    self._attributes.setdefault(phrase, []).append((kind, value))
        self._implied = lru_cache(maxsize=None)(self._implied)  # type: ignore[method-assign]
        self._sentence = lru_cache(maxsize=16384)(self._sentence)  # type: ignore[method-assign]
        self._text = lru_cache(maxsize=4096)(self._text)  # type: ignore[method-assign]

    def statements(self, text: str, topic: Iterable[Finding] = ()) -> list[Statement]:
        """The sentences of `text`, each with its findings.

        A sentence that gives only a verdict ("This is ruled out.") gives it on the topic of the sentence before it.
        topic: findings asked about before this text begins (a question's options, say).
        """
        found, open_verdict = self._text(text)
        return list(self._statements(text, tuple(topic))[0] if open_verdict and topic else found)

    def read(self, text: str) -> list[Finding]:
        """The findings that `text` states, in order."""
        return [f for statement in self.statements(text) for f in statement.findings]

    def phrases(self, sentence: str) -> list[Token]:
        """The phrases of the lexicon in a sentence: kind, value, start and end; see `Concept`.

        A cue begins where the words begin that were composed into it: "not entirely excluded".
        """
        plain, offsets = self._words.corrected(*normalise(sentence))
        tokens = self._tokens(plain)
        composed = compose(tokens, {token[1] for token in tokens}, plain)
        starts = {start for _, _, start, _ in composed}
        gone = [start for _, _, start, _ in tokens if start not in starts]
        found, i = [], 0
        for kind, value, start, end in composed:
            begin = start
            while i < len(gone) and gone[i] < start:
                begin = min(begin, gone[i]) if kind == "cue" else start
                i += 1
            found.append((kind, value, original(begin, offsets), original(end - 1, offsets) + 1))
        return found

    def _text(self, text: str) -> tuple[list[Statement], bool]:
        return self._statements(text, ())

    def _statements(self, text: str, topic: tuple[Finding, ...]) -> tuple[list[Statement], bool]:
        """The statements of a text, and whether a verdict in it has no topic."""
        found: list[Statement] = []
        open_verdict, several = False, False
        text = plain_text(text)
        lead = ""  # a sentence that its list completes: "No evidence of:"
        for start, end, section in sentences(text):
            if section in WITHOUT_FINDINGS:
                found.append(Statement(start, end, section, ()))
                continue
            if section in READINGS:
                several = True
            sentence = text[start:end]
            if lead and _is_item(text, start):
                stated, own_topic, verdict = self._sentence(lead + sentence)
                offset = start - len(lead)
            else:
                stated, own_topic, verdict = self._sentence(sentence)
                offset = start
                lead = sentence + " " if sentence.endswith(":") and self._denies(sentence) else ""
            if offset:
                stated, own_topic = _at(stated, offset), _at(own_topic, offset)
            if verdict and not stated:
                if found and topic and found[-1].findings == topic:  # "Pneumothorax? None."
                    found[-1] = found[-1]._replace(findings=(), topic=topic)
                open_verdict = open_verdict or not (own_topic or topic)
                stated = tuple([f._replace(status=verdict, start=start, end=end) for f in own_topic or topic])
                topic = ()
            elif own_topic:
                topic = own_topic
            elif stated and sentence.endswith("?"):
                topic = stated
            elif stated:
                topic = ()
            found.append(Statement(start, end, section, stated, own_topic))
        return settled(found, self.lexicon) if several else found, open_verdict

    def _denies(self, lead: str) -> bool:
        """Is it a negation without a finding: "No evidence of:"?"""
        kinds = {kind if kind != "cue" else value for kind, value, _, _ in self._tokens(normalise(lead)[0])}
        return "negate" in kinds and not kinds & {"finding", "anatomy"}

    def _sentence(self, text: str) -> tuple[tuple[Finding, ...], tuple[Finding, ...], str | None]:
        """The findings that a sentence states, those it asks about, and its verdict on those asked about before it."""
        plain, offsets = self._words.corrected(*normalise(text))
        tokens = self._tokens(plain)
        values = {token[1] for token in tokens}
        if (composed := compose(tokens, values, plain)) is not tokens:
            tokens, values = composed, {token[1] for token in composed}
        tokens = in_context(tokens, values, plain, self.lexicon)
        last = plain.rstrip()[-1:]
        asks = last == ":" or (last == "?" and bool(_QUESTION.search(plain)))
        asks = asks or bool(_OPTION.match(plain) and not _ANSWER.search(plain))
        mentions: list[Mention] = []
        verdict = None
        option = False  # "option B, which mentions ...": what follows "which" is still the option
        clause: list[Token] = []
        informative = False  # a clause without a finding, an anatomy, a quality or a verdict states nothing
        before: Clause | None = None
        exception = False
        for token in (*tokens, _END):
            kind, value, start, _ = token
            if value in _BREAKS and not (option and plain.startswith("which", start)):
                if informative or exception:
                    before = Clause(clause, plain, self.lexicon, self._implied, before).read()
                    if exception:
                        before.except_for()
                    mentions += before.mentions
                    verdict = before.verdict or verdict
                if value == "break":
                    before = None
                clause, informative, exception = [], False, value == "except"
                continue
            if value == "ask" and plain.startswith("option", start):
                option = True
                if _ANSWER.search(plain):  # "the answer is option B, scoliosis" states it
                    continue
            clause.append(token)
            if not informative:
                informative = kind in _STATES or value in _VERDICTS
        if asks:
            for mention in mentions:
                mention.ask, mention.negated = True, False
            verdict = None
        elif option and not any(m.ask for m in mentions):
            verdict = None  # on the option, not on the last topic
        mentions = [m for m in mentions if m.negated or m.combined or not self.lexicon.entries[m.name].only_absent]
        _sizes(plain, mentions)
        asked = tuple([_finding(m, offsets) for m in mentions if m.ask])
        return tuple([_finding(m, offsets) for m in mentions if not m.ask]), asked, verdict

    def _tokens(self, plain: str) -> list[Token]:
        """Every phrase of the lexicon in the text as (kind, value, start, end), whole words only."""
        tokens: list[Token] = []
        concepts, last, begin = self._concepts, len(plain), 0
        while begin < last:
            resume = last
            for index, start, end in self._automaton.find_matches_as_indexes(plain[begin:] if begin else plain):
                start, end = start + begin, end + begin
                if (start == 0 or not plain[start - 1].isalnum() or not plain[start].isalnum()) and (
                    end == last or not plain[end].isalnum() or not plain[end - 1].isalnum()
                ):
                    for kind, value in concepts[index]:
                        tokens.append((kind, value, start, end))
                elif " " in plain[start:end]:  # not whole: "chronic emphysema" in "chronic emphysematous"
                    resume = self._shorter(plain, start, end, tokens)
                    break
            begin = resume
        return tokens

    def _shorter(self, plain: str, start: int, end: int, tokens: list[Token]) -> int:
        """The longest phrase of whole words that begins at `start`, put into `tokens`; where to go on from."""
        if start == 0 or not plain[start - 1].isalnum():
            while (end := plain.rfind(" ", start, end)) > start:
                if (index := self._index.get(plain[start:end])) is not None:
                    tokens.extend((kind, value, start, end) for kind, value in self._concepts[index])
                    return end
        return plain.index(" ", start)

    def _implied(self, phrase: str) -> tuple[Concept, ...]:
        """Side and zone that a finding's own phrase holds ("biapical pleural thickening")."""
        words = phrase.split(" ")
        runs = (" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))
        return tuple(dict.fromkeys(concept for run in runs for concept in self._attributes.get(run, ())))


_END = ("cue", "break", 0, 0)
_BREAKS = frozenset({"break", "contrast", "except"})
_STATES = frozenset({"finding", "anatomy", "good", "bad"})
_VERDICTS = frozenset({"negated", "confirm", "hedge", "hedged", "imply", "reply_no"})
# A question put, and no doubt in telegraphic style ("mild edema?").
_QUESTION = re.compile(
    r"(?:^|[:,;.] |\bthen |\band |\bso |\bbut )(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should"
    r"|may|which|what|where|when|who|whose|how|why|any|if)\b|question:|\b(?:seen|present|visible|there|evidence|evident)\b"
)
_OPTION = re.compile(r"(?:option )?[a-h][).:] |options\b")
_ANSWER = re.compile(
    r"\b(?:answer|choice|match|matches|consistent|correct|aligns)\b|\boption [a-h] (?:is right|holds)\b"
)
_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s*")
_SIZE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(?: ?(?:x|by) ?(\d+(?:\.\d+)?))? ?(mm|cm|millimeter|centimeter)")


def _sizes(plain: str, mentions: list[Mention]) -> None:
    """Gives each measurement to the finding nearest to it."""
    if not mentions or ("mm" not in plain and "cm" not in plain and "meter" not in plain):
        return
    starts = sorted((m.start, i) for i, m in enumerate(mentions))
    ends = sorted((m.end, i) for i, m in enumerate(mentions))
    for match in _SIZE.finditer(plain):
        scale = 10.0 if match[3][0] == "c" else 1.0
        size = max(float(n) for n in match.groups()[:2] if n) * scale
        _, nearest = min(*_nearest(starts, match.end()), *_nearest(ends, match.start()))
        mentions[nearest].size = size


def _nearest(places: list[tuple[int, int]], to: int) -> Iterator[tuple[int, int]]:
    """How far the next place on either side is, and whose it is. places: (place, whose), in order."""
    after = bisect_left(places, (to, 0))
    if after < len(places):
        yield places[after][0] - to, places[after][1]
    if after:
        before = places[bisect_left(places, (places[after - 1][0], 0))]
        yield to - before[0], before[1]


def _finding(m: Mention, offsets: Offsets) -> Finding:
    start, end = m.start, m.end
    if offsets:
        start, end = original(start, offsets), original(end - 1, offsets) + 1
    return Finding(m.name, m.status, m.side, m.zone, m.severity, m.change, m.size, start, end)


def _is_item(text: str, start: int) -> bool:
    """Does an item of a list, with a bullet or a number before it, begin at `start`?"""
    line = text.rfind("\n", 0, start) + 1
    return bool(_ITEM.fullmatch(text, line, start))


def _at(findings: Iterable[Finding], offset: int) -> tuple[Finding, ...]:
    """The findings of a sentence that begins at `offset`."""
    return tuple([Finding._make((*f[:7], f.start + offset, f.end + offset)) for f in findings]) if findings else ()


def observations(texts: Iterable[str], reader: Reader) -> list[Finding]:
    """The distinct findings of some texts, in order. Distinct: by name, status, side and zone."""
    seen: dict[tuple[str | None, ...], Finding] = {}
    for text in texts:
        for finding in reader.read(text):
            seen.setdefault(finding[:4], finding)
    return list(seen.values())


@lru_cache(maxsize=4)
def reader(lexicon: Lexicon | None = None) -> Reader:
    """The reader for a lexicon (None: the packaged one)."""
    return Reader(lexicon or Lexicon.load())


def read(text: str) -> list[Finding]:
    """The findings that `text` states, by the packaged lexicon."""
    return reader().read(text)
