"""Words as the lexicon spells them: shorthand written out, British spelling, one typing error.

    >>> Words(Lexicon.load()).spell("sm pnuemothorax, oedema", [])[0]
    'small pneumothorax, edema'

A word is put right if the lexicon doesn't know it, if `lookalikes.txt` doesn't hold it ("legion", "plural"), and if
one error alone parts it from a word of the lexicon.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.wording.normal_form import Offsets, with_words

ANY_ERROR = 6  # letters from which on a word may hold any one error
SLIGHT_ERROR = 4  # ... two letters changed about, one too few or one doubled
MOST_FAMILIAR = 100_000  # words remembered as right
LOOKALIKES = Path(__file__).with_name("lookalikes.txt")
GLUED = frozenset({"no", "with", "without", "small", "mild", "left", "right"})  # what a word may be glued to

_LOWER_WORD = re.compile(r"\b[a-z]{2,}\b(?!')")
_BRITISH = [
    (re.compile(british), american)
    for british, american in (
        ("[ao]e", "e"),
        ("our", "or"),
        ("([iy])s(?=(?:e|ed|es|ing|ations?)$)", r"\1z"),
        ("ll(?=ed|ing)", "l"),
        ("([tb])re(d?)$", r"\1er\2"),
    )
]


class Words:
    """Puts words right by one lexicon; each word is looked into once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._shorthand = lexicon.shorthand
        self._vocabulary = dict.fromkeys(word for word in lexicon.automaton.words if _LOWER_WORD.fullmatch(word))
        self._alike: dict[tuple[str, str, int], list[str]] = {}  # an error leaves the one end or the other as it was
        for word in self._vocabulary:
            if len(word) > SLIGHT_ERROR:
                self._alike.setdefault((word[:2], "", len(word)), []).append(word)
                self._alike.setdefault((word[0], word[-2:], len(word)), []).append(word)
        right = {*self._vocabulary, *LOOKALIKES.read_text("utf-8").split()}
        self._right = frozenset(right - self._shorthand.keys())
        self._familiar = set(self._right)  # these, and what was looked into and found right, with the marks at its ends
        self._fixes = {short: entry.means for short, entry in self._shorthand.items()}
        self._longest = 2 * max(map(len, self._vocabulary), default=0)  # two words run together

    def spell(self, plain: str, offsets: Offsets) -> tuple[str, Offsets]:
        """The plain text with its words put right, and its offsets."""
        if self._familiar.issuperset(plain.split()):
            return plain, offsets
        strange: set[str] = set()
        for piece in set(plain.split()) - self._familiar:
            words = {word for word in _LOWER_WORD.findall(piece) if self._fix(word)}
            if not words:
                self._remember(piece)
            strange |= words
        if not strange or not (fixes := [*self._replacements(plain, strange)]):
            return plain, offsets
        return with_words(plain, offsets, fixes)

    def _remember(self, piece: str) -> None:
        if len(self._familiar) > MOST_FAMILIAR:
            self._familiar = set(self._right)
        self._familiar.add(piece)

    def _replacements(self, plain: str, strange: Iterable[str]) -> Iterator[tuple[int, int, str]]:
        for match in _LOWER_WORD.finditer(plain):
            word = match[0]
            if word in strange:
                short = self._shorthand.get(word)
                if not short or not short.after or _follows(plain, match.start(), short.after):
                    yield match.start(), match.end(), self._fixes[word]

    def _fix(self, word: str) -> str | None:
        """What the word stands for; None if it is right as it is."""
        if word in self._familiar or len(word) > self._longest:
            return None
        if fix := self._fixes.get(word):
            return fix
        if fix := self._american(word) or self._respelt(word) or self._both(word) or self._two_words(word):
            self._fixes[word] = fix
        return fix

    def _american(self, word: str) -> str | None:
        """ "oedema"  ->  "edema"."""
        if len(word) < ANY_ERROR:
            return None
        forms = [word]
        for british, american in _BRITISH:
            forms += [british.sub(american, form) for form in forms if british.search(form)]
        return next((form for form in forms[1:] if form in self._vocabulary), None)

    def _both(self, word: str) -> str | None:
        """ "oedma"  ->  "edema"."""
        digraph, american = _BRITISH[0]
        plain = digraph.sub(american, word)
        return self._respelt(plain) if plain != word and word not in self._right else None

    def _respelt(self, word: str) -> str | None:
        """ "pnuemothorax"  ->  "pneumothorax"; the likeliest where it may be several."""
        if len(word) < SLIGHT_ERROR:
            return None
        keys = [(word[1] + word[0], "", len(word))]
        for length in range(len(word) - 1, len(word) + 2):
            keys += (word[:2], "", length), (word[0], word[-2:], length)
        near = [w for key in keys for w in self._alike.get(key, ())]
        ranked = [(rank, w) for w in near if (rank := _error(word, w)) is not None]
        return min(ranked, key=lambda pair: pair[0])[1] if ranked else None

    def _two_words(self, word: str) -> str | None:
        """ "pleuraleffusion"  ->  "pleural effusion"."""
        for at in range(2, len(word) - ANY_ERROR + 1):
            one, other = word[:at], word[at:]
            if (one in GLUED or at >= ANY_ERROR <= len(other)) and {one, other} <= self._vocabulary.keys():
                return f"{one} {other}"
        return None


def _follows(plain: str, start: int, words: Iterable[str]) -> bool:
    """Does one of these words end right before `start`? ^ is the start of the text."""
    before = f" {plain[max(0, start - 30) : start]}"
    return any(not start if word == "^" else before.endswith(f" {word} ") for word in words)


def _error(word: str, right: str) -> int | None:
    """How likely it is that `word` is `right` with one typing error: 0 is likeliest; None: it is not."""
    same, shorter = 0, min(len(word), len(right))
    while same < shorter and word[same] == right[same]:
        same += 1
    rest, rest_right = word[same:], right[same:]
    if len(word) == len(right):
        if rest[:2] == rest_right[1::-1] and rest[2:] == rest_right[2:]:
            return 0
        return 2 if same and shorter >= ANY_ERROR and rest[1:] == rest_right[1:] else None
    if rest == rest_right[1:]:
        return 1 if same else None
    if rest[1:] == rest_right and same:
        doubled = rest[0] == word[same - 1]
        return 1 if doubled else 2 if len(right) >= ANY_ERROR else None
    return None
