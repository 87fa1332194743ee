"""The phrases of a lexicon as an automaton over words. Its states are made when a text first comes to them, since terms
with many choices stand for tens of thousands of phrases, and a text holds few."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.findings.lexicon.terms import heads, plain_term, plural_of

MOST_FORMS = 5000  # that a term lets one word have: more is a slip of the pen

Concept = tuple[str, str]
"""(kind, value): ("finding", "edema"), ("side", "left"), ("cue", "negate") ..."""


class TermSource(NamedTuple):
    """The terms of a concept. plural: are their plurals phrases too? own: is it a finding of a file
    that was merged in, whose phrases name no other finding?"""

    concept: Concept
    terms: Sequence[str]
    plural: bool = False
    own: bool = False


class AutomatonState:
    """Where some words lead. concepts: what they mean if a phrase ends with them. rests: (number of a source, the plain
    term of what may follow). steps: the state by the next word; None until a text comes to it."""

    __slots__ = ("concepts", "rests", "steps")

    def __init__(self, rests: Iterable[tuple[int, str]], concepts: tuple[Concept, ...]) -> None:
        self.rests, self.concepts = rests, concepts
        self.steps: dict[str, AutomatonState] | None = None


class PhraseAutomaton:
    """begin: the state by the first word of a phrase. words: of all phrases that mean something, in their order.

    A word has the blank before it, if there is one; a first word is known with it and without.
    """

    def __init__(self, sources: Iterable[TermSource]) -> None:
        self._sources = tuple(sources)
        self._heads: dict[str, list[tuple[str, str]]] = {}
        self._states: dict[frozenset[tuple[int, str]], AutomatonState] = {}
        terms = [(n, f" {plain_term(term)}") for n, source in enumerate(self._sources) for term in source.terms]
        self.words = self._words(terms)
        first = self._steps(terms)
        self.begin = first | {word[1:]: state for word, state in first.items()}

    def extend(self, state: AutomatonState) -> dict[str, AutomatonState]:
        """Makes the states that follow this one."""
        state.steps = self._steps(state.rests)
        return state.steps

    def _steps(self, rests: Iterable[tuple[int, str]]) -> dict[str, AutomatonState]:
        behind: dict[str, set[tuple[int, str]]] = {}
        for number, rest in rests:
            for word, after in self._heads[rest]:
                if word:
                    behind.setdefault(word, set()).add((number, after))
                    if self._sources[number].plural and self._may_end(after):
                        behind.setdefault(plural_of(word), set()).add((number, ""))
        return {word: self._state(frozenset(rests)) for word, rests in behind.items()}

    def _state(self, rests: frozenset[tuple[int, str]]) -> AutomatonState:
        if (state := self._states.get(rests)) is None:
            sources = [self._sources[n] for n in sorted({n for n, rest in rests if self._may_end(rest)})]
            if any(source.own for source in sources):
                sources = [source for source in sources if source.own or source.concept[0] != "finding"]
            concepts = tuple(dict.fromkeys(source.concept for source in sources))
            state = self._states[rests] = AutomatonState(rests, concepts)
        return state

    def _may_end(self, rest: str) -> bool:
        return ("", "") in self._heads[rest]

    def _words(self, terms: Iterable[tuple[int, str]]) -> dict[str, None]:
        """Takes all terms apart, and gives their words."""
        words: dict[str, None] = {}
        explored: set[tuple[str, bool]] = set()
        for number, term in terms:
            (kind, value), _, plural, _ = self._sources[number]
            forms = [("", term)]
            while forms:
                word, rest = forms.pop()
                if (rest, plural) not in explored:
                    explored.add((rest, plural))
                    if rest not in self._heads:
                        ways = [*islice(heads(rest), MOST_FORMS)]
                        if len(ways) == MOST_FORMS:
                            most = f"{MOST_FORMS} forms or more for one word"
                            raise CxrError(f"lexicon: a term of `{value}` has {most}: take choices out of it")
                        self._heads[rest] = [*dict.fromkeys(ways)]
                    forms += reversed(self._heads[rest])
                if word and kind != "skip" and not rest.startswith("'"):
                    words[word.lstrip(" ")] = None
                    if plural and self._may_end(rest):
                        words[plural_of(word).lstrip(" ")] = None
        return words
