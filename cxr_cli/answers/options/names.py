"""The options of one question: the phrases that name them, and where a text holds such a phrase."""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from cxr_cli.answers.options.letters import letter_index
from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.answers.wording.synonyms import MEANING, MEANINGS

PhrasePlace = tuple[int, int, str]  # start, end and the phrase that stands there

_BETWEEN = re.compile(r"[\W_]+(?:(?:an?|the)[\W_]+)?")
_LEFT_RIGHT = frozenset({"left", "right"})
_LETTER_FIRST = re.compile(r"[\s(\[]*([A-Za-z])(?!\w)[\s)\].:]*")


class PhraseSearch:
    """Finds phrases of plain words, whatever punctuation and articles are between: "effusion, in the lung" is
    "effusion in lung"."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._rest: dict[str, list[tuple[list[str], str]]] = {}
        for phrase in sorted(phrases, key=len, reverse=True):
            first, *rest = phrase.split()
            self._rest.setdefault(first, []).append((rest, phrase))
        self._firsts = list(self._rest)
        kind = Implementation.NoncontiguousNFA  # the fastest to build
        self._search = AhoCorasick(self._firsts, MatchKind.LeftmostLongest, implementation=kind)

    def find(self, text: str) -> list[PhrasePlace]:
        """Where the phrases stand in lower-case text; of several that begin together, the longest."""
        places: list[PhrasePlace] = []
        search_end = 0
        for index, start, end in self._search.find_matches_as_indexes(text):
            if start < search_end or text[start - 1 : start].isalnum():
                continue
            for rest, phrase in self._rest[self._firsts[index]]:
                if stop := _end_of_words(text, end, rest):
                    places.append((start, stop, phrase))
                    search_end = stop
                    break
        return places


def _end_of_words(text: str, end: int, words: list[str]) -> int:
    """Where `words` end, if they follow text[:end]; 0 if they do not."""
    for word in words:
        gap = _BETWEEN.match(text, end)
        if not gap or not text.startswith(word, gap.end()):
            return 0
        end = gap.end() + len(word)
    return 0 if text[end : end + 1].isalnum() else end


class OptionSet:
    """The options of one question."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self._plain = [plain(text) for text in texts]
        self._folded = {_without_dots(text): i for i, text in reversed(list(enumerate(texts)))}
        self._longest = max(map(len, texts)) + len(" (A). ")
        self.index = {word: i for i, word in reversed(list(enumerate(self._plain))) if word}

    @cached_property
    def meanings(self) -> dict[str, int]:
        """The options that mean "yes", "normal", "stable" .."""
        meanings = [MEANING.get(word) for word in self._plain]
        return {meaning: i for i, meaning in enumerate(meanings) if meaning and meanings.count(meaning) == 1}

    @cached_property
    def names(self) -> dict[str, int]:
        """Each phrase that names an option: its text, and words of the same meaning."""
        synonyms = {word: i for meaning, i in self.meanings.items() for word in MEANINGS[meaning]}
        sides = {word[0]: self.index[word] for word in _LEFT_RIGHT if self.index.keys() >= _LEFT_RIGHT}  # "L", "R"
        return synonyms | sides | self.index

    @cached_property
    def search(self) -> PhraseSearch:
        return PhraseSearch(self.names)

    @property
    def yes_no(self) -> bool:
        return self.meanings.keys() >= {"yes", "no"}

    def exact_option(self, text: str) -> int | None:
        """The option that the whole text names by its letter, its text or both; -1 for a letter that no option has."""
        match = _LETTER_FIRST.match(text) if len(text) <= self._longest else None
        if not match or match[1].lower() in self.names:
            return self._folded.get(_without_dots(text))
        index, rest = letter_index(match[1], len(self.texts)), _without_dots(text[match.end() :])
        if not rest:
            return index
        return index if self._folded.get(rest) == index else None


def _without_dots(text: str) -> str:
    return text.strip(" .!\n").casefold()


@lru_cache(maxsize=4096)
def option_set(texts: tuple[str, ...]) -> OptionSet:
    """Kept in a cache, since many questions share their options."""
    return OptionSet(texts)
