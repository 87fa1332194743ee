"""From a sentence to the findings it states: plain words, phrases of the lexicon, clauses, findings."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from cxr_cli.findings.clauses.clause import Clause
from cxr_cli.findings.clauses.clause_spans import clause_spans
from cxr_cli.findings.clauses.interrogatives import is_counterfactual, is_question, opens_option
from cxr_cli.findings.clauses.mention import Mention
from cxr_cli.findings.composition import compose, has_bare_side, with_stand_ins
from cxr_cli.findings.finding import Finding, new_tuple
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.lexicon.tokens import Token, Tokenizer
from cxr_cli.findings.measurements import attach_sizes
from cxr_cli.findings.wording.context import in_context
from cxr_cli.findings.wording.normal_form import Offsets, normalise, original
from cxr_cli.findings.wording.words import Words


class SentenceReading(NamedTuple):
    """findings: what the sentence states. topic: what it asks about. verdict: on what was asked about before it.

    waits: does a word of it stand for a finding of a sentence before, "a small one on the right"?
    """

    findings: tuple[Finding, ...]
    topic: tuple[Finding, ...]
    verdict: str | None
    waits: bool = False

    def at(self, offset: int) -> "SentenceReading":
        """Of a sentence that begins at `offset` of its text."""
        if not (self.findings or self.topic):
            return self
        places = _at(self.findings, offset), _at(self.topic, offset), self.verdict, self.waits
        return new_tuple(SentenceReading, places)


class SentenceReader:
    """Reads sentences with one lexicon, and remembers them, since reports and steps repeat themselves."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._tokenizer, self._words = Tokenizer(lexicon), Words(lexicon)
        self.read = lru_cache(maxsize=16384)(self.read)  # type: ignore[method-assign]

    def read(self, sentence: str, antecedent: str | None = None) -> SentenceReading:
        """The findings that a sentence states and those it asks about, with places in the sentence.

        antecedent: the last finding before it.
        """
        plain, offsets = self._words.spell(*normalise(sentence))
        tokens, waits = self._tokens(plain, antecedent)
        mentions, verdict = self._mentions(tokens, plain)
        attach_sizes(plain, mentions)
        return SentenceReading(
            tuple([_finding(m, offsets) for m in mentions if not m.ask]),
            tuple([_finding(m, offsets) for m in mentions if m.ask]),
            verdict,
            waits,
        )

    def phrases(self, sentence: str) -> list[Token]:
        """The phrases of the lexicon in a sentence: kind, value, start and end; see `Concept`.

        A cue begins where the words begin that were composed into it: "not entirely excluded".
        """
        plain, offsets = self._words.spell(*normalise(sentence))
        tokens = self._tokenizer.tokens(plain)
        joint_tokens = compose(tokens, {token[1] for token in tokens}, plain)
        starts = {start for _, _, start, _ in joint_tokens}
        lost_starts = [start for _, _, start, _ in tokens if start not in starts]
        phrases, i = [], 0
        for kind, value, start, end in joint_tokens:
            begin = start
            while i < len(lost_starts) and lost_starts[i] < start:
                begin = min(begin, lost_starts[i]) if kind == "cue" else start
                i += 1
            phrases.append((kind, value, original(begin, offsets), original(end - 1, offsets) + 1))
        return phrases

    def denies(self, lead: str) -> bool:
        """Is it a negation without a finding: "No evidence of:"?"""
        tokens = self._tokenizer.tokens(normalise(lead)[0])
        kinds = {kind if kind != "cue" else value for kind, value, _, _ in tokens}
        return "negate" in kinds and not kinds & {"finding", "anatomy"}

    def _tokens(self, plain: str, antecedent: str | None) -> tuple[list[Token], bool]:
        """The phrases, each with the one meaning that it has in this sentence; and whether one of them waits."""
        tokens, waits = self._tokenizer.tokens(plain), False
        values = {token[1] for token in tokens}
        if "stand_in" in values or has_bare_side(plain):
            tokens, waits = with_stand_ins(tokens, plain, antecedent)
            values = {token[1] for token in tokens}
        if (joint_tokens := compose(tokens, values, plain)) is not tokens:
            tokens, values = joint_tokens, {token[1] for token in joint_tokens}
        return in_context(tokens, values, plain, self.lexicon), waits

    def _mentions(self, tokens: list[Token], plain: str) -> tuple[list[Mention], str | None]:
        """The findings of all clauses, and the last verdict."""
        mentions: list[Mention] = []
        verdict = None
        before: Clause | None = None
        for clause_tokens, informative, break_before, break_behind in clause_spans(tokens, plain):
            if informative or break_before == "except":
                before = Clause(clause_tokens, plain, self.lexicon, self._tokenizer.attributes_of, before).read()
                if break_before == "except":
                    before.except_for()
                mentions += before.mentions
                verdict = before.verdict or verdict
            if break_behind == "break":
                before = None
            elif break_behind == "except" and before:
                before.open_quality = None  # "clear lungs, except for a left upper lobe nodule"
        if is_question(plain):
            for mention in mentions:
                mention.ask, mention.negated = True, False
            verdict = None
        elif verdict and any(opens_option(token, plain) for token in tokens) and not any(m.ask for m in mentions):
            verdict = None  # on the option, not on the last topic
        elif is_counterfactual(plain):
            _deny_supposed(mentions)
        return [m for m in mentions if m.negated or m.combined or not self.lexicon.entries[m.name].only_absent], verdict


def _deny_supposed(mentions: Iterable[Mention]) -> None:
    """ "If there were an effusion, the angles would be blunted, but they are sharp" denies the effusion too."""
    readings = [m for m in mentions if not m.ask]
    if readings and all(m.negated for m in readings):
        for mention in mentions:
            mention.ask, mention.negated = False, True


def _finding(m: Mention, offsets: Offsets) -> Finding:
    start, end = m.start, m.end
    if offsets:
        start, end = original(start, offsets), original(end - 1, offsets) + 1
    return new_tuple(Finding, (m.name, m.status, m.side, m.zone, m.severity, m.change, m.size, start, end))


def _at(findings: Iterable[Finding], offset: int) -> tuple[Finding, ...]:
    """The findings of a sentence that begins at `offset`."""
    return tuple([new_tuple(Finding, (*f[:7], f[7] + offset, f[8] + offset)) for f in findings]) if findings else ()
