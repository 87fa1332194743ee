"""The phrases of the lexicon in a plain text, with their places: findings, anatomies, qualities, attributes, cues."""

from functools import lru_cache

from cxr_cli.findings.lexicon.lexicon import Concept, Lexicon

Token = tuple[str, str, int, int]
"""kind, value, start, end."""
CONTENT = frozenset({"finding", "anatomy", "good", "bad"})
"""Kinds of tokens that say what is seen; the others say how, where and whether."""


SEARCHED_AT_ONCE = 1000  # characters searched at a time, so that a search that begins anew costs no more


class Tokenizer:
    """Finds the phrases of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._automaton, self._concepts, phrases = lexicon.matcher
        self._index = {phrase: index for index, phrase in enumerate(phrases)}
        self._longest = max(map(len, phrases), default=0)
        self._attributes: dict[str, list[Concept]] = {}
        for kind in ("side", "zone"):
            for value, terms in lexicon.data[kind].items():
                for term in terms:
                    self._attributes.setdefault(term, []).append((kind, value))
        self.attributes_of = lru_cache(maxsize=None)(self.attributes_of)  # type: ignore[method-assign]

    def tokens(self, plain: str) -> list[Token]:
        """Every phrase of the lexicon in the text as (kind, value, start, end), whole words only."""
        tokens: list[Token] = []
        concepts, last, begin = self._concepts, len(plain), 0
        while begin < last:
            stop = min(last, begin + self._longest + SEARCHED_AT_ONCE)
            trusted = last if stop == last else stop - self._longest  # a phrase that begins further on may be cut off
            resume = trusted
            for index, start, end in self._automaton.find_matches_as_indexes(plain[begin:stop]):
                start, end = start + begin, end + begin
                if start >= trusted:
                    break
                if (start == 0 or not plain[start - 1].isalnum() or not plain[start].isalnum()) and (
                    end == last or not plain[end].isalnum() or not plain[end - 1].isalnum()
                ):
                    for kind, value in concepts[index]:
                        tokens.append((kind, value, start, end))
                elif " " in plain[start:end]:  # not whole: "chronic emphysema" in "chronic emphysematous"
                    resume = self._shorter(plain, start, end, tokens)
                    break
            if resume == last:
                break
            begin = max(resume, tokens[-1][3]) if tokens else resume
        return tokens

    def _shorter(self, plain: str, start: int, end: int, tokens: list[Token]) -> int:
        """The longest phrase of whole words that begins at `start`, put into `tokens`; where to go on from."""
        if start == 0 or not plain[start - 1].isalnum():
            while (end := plain.rfind(" ", start, end)) > start:
                if (index := self._index.get(plain[start:end])) is not None:
                    tokens.extend((kind, value, start, end) for kind, value in self._concepts[index])
                    return end
        return plain.index(" ", start)

    def attributes_of(self, phrase: str) -> tuple[Concept, ...]:
        """Side and zone that a finding's own phrase holds ("biapical pleural thickening")."""
        words = phrase.split(" ")
        runs = (" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))
        return tuple(dict.fromkeys(concept for run in runs for concept in self._attributes.get(run, ())))
