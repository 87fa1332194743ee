"""The phrases of the lexicon in a plain text, with their places: findings, anatomies, qualities, attributes, cues."""

import re
from functools import lru_cache
from itertools import accumulate

from cxr_cli.findings.lexicon.lexicon import Lexicon
from cxr_cli.findings.lexicon.phrase_automaton import Concept

Token = tuple[str, str, int, int]
"""kind, value, start, end."""
CONTENT = frozenset({"finding", "anatomy", "good", "bad"})
"""Kinds of tokens that say what is seen; the others say how, where and whether."""

_WORD_OR_SIGN = re.compile(r" ?(?:\w+|.)", re.DOTALL)  # with the blank before it


class Tokenizer:
    """Finds the phrases of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._automaton = lexicon.automaton
        self._attributes: dict[str, list[Concept]] = {}
        for kind in ("side", "zone"):
            for value, terms in lexicon.data[kind].items():
                for term in terms:
                    self._attributes.setdefault(term, []).append((kind, value))
        self._least = frozenset(lexicon.data["severity"].get("minimal", ()))
        self.attributes_of = lru_cache(maxsize=None)(self.attributes_of)  # type: ignore[method-assign]

    def tokens(self, plain: str) -> list[Token]:
        """Every phrase of the lexicon in the text as (kind, value, start, end), the longest ones from the left on."""
        tokens: list[Token] = []
        extend = self._automaton.extend
        words = _WORD_OR_SIGN.findall(plain)
        last, resume = len(words), 0
        ends: list[int] = []
        for first, state in enumerate(map(self._automaton.begin.get, words)):
            if state is None or first < resume:
                continue
            i = first
            concepts: tuple[Concept, ...] = ()
            while state is not None:
                i += 1
                if state.concepts:
                    resume, concepts = i, state.concepts
                if i == last:
                    break
                steps = extend(state) if state.steps is None else state.steps
                state = steps.get(words[i])
            if concepts:
                ends = ends or [*accumulate(map(len, words), initial=0)]
                start, end = ends[first] + (words[first][0] == " "), ends[resume]
                for kind, value in concepts:
                    tokens.append((kind, value, start, end))
        return tokens

    def attributes_of(self, phrase: str) -> tuple[Concept, ...]:
        """What a finding's own phrase holds: side, zone ("biapical pleural thickening"), "trace" ("trace fluid")."""
        words = phrase.split(" ")
        least: tuple[Concept, ...] = (("severity", "minimal"),) if words[0] in self._least else ()
        runs = (" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))
        return (*dict.fromkeys(concept for run in runs for concept in self._attributes.get(run, ())), *least)
