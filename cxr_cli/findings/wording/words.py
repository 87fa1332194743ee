"""Words as the lexicon spells them: shorthand written out, British spelling, one typing error.

    >>> Words(Lexicon.load()).corrected("sm pnuemothorax, oedema", [])[0]
    'small pneumothorax, edema'

A word is put right if the lexicon doesn't know it, if `lookalikes.txt` doesn't hold it ("legion", "plural"), and if
one error alone parts it from a word of the lexicon.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.wording.plain import Offsets, replaced

ANY_ERROR = 6  # letters from which on a word may hold any one error
SLIGHT_ERROR = 4  # ... two letters changed about, one too few or one doubled
MOST_KNOWN = 100_000  # words remembered as right
LOOKALIKES = Path(__file__).with_name("lookalikes.txt")
GLUED = frozenset({"no", "with", "without", "small", "mild", "left", "right"})  # what a word may be glued to

_WORD = re.compile(r"\b[a-z]{2,}\b(?!')")
_BRITISH = (
    *(("ae", "e"), ("oe", "e"), ("our", "or"), ("is", "iz"), ("ys", "yz"), ("ll", "l")),
    *(("tre", "ter"), ("bre", "ber"), ("tred", "tered")),
)


class Words:
    """Puts words right by one lexicon; each word is looked into once."""

    def __init__(self, lexicon: Lexicon) -> None:
        _, concepts, phrases = lexicon.matcher
        self._shorthand = lexicon.shorthand
        self._vocabulary = dict.fromkeys(
            word
            for phrase, kinds in zip(phrases, concepts, strict=True)
            if kinds[0][0] != "skip"
            for word in _WORD.findall(phrase)
        )
        self._nearby: dict[str, list[str]] = {}  # a word, or a word less one letter -> the words it may stand for
        for word in self._vocabulary:
            if len(word) > SLIGHT_ERROR:
                for form in dict.fromkeys((word, *_less_one(word))):
                    self._nearby.setdefault(form, []).append(word)
        right = {*self._vocabulary, *LOOKALIKES.read_text().split()}
        self._right = frozenset(right - self._shorthand.keys())
        self._known = set(self._right)
        self._fixes = {short: entry.means for short, entry in self._shorthand.items()}

    def corrected(self, plain: str, offsets: Offsets) -> tuple[str, Offsets]:
        """The plain text with its words put right, and its offsets."""
        strange = {word for word in set(_WORD.findall(plain)) - self._known if self._fix(word)}
        if not strange or not (fixes := [*self._replacements(plain, strange)]):
            return plain, offsets
        return replaced(plain, offsets, fixes)

    def _replacements(self, plain: str, strange: Iterable[str]) -> Iterator[tuple[int, int, str]]:
        for match in _WORD.finditer(plain):
            word = match[0]
            if word in strange:
                short = self._shorthand.get(word)
                if not short or not short.after or _follows(plain, match.start(), short.after):
                    yield match.start(), match.end(), self._fixes[word]

    def _fix(self, word: str) -> str | None:
        """What the word stands for; None, and it is remembered, if it is right as it is."""
        if fix := self._fixes.get(word):
            return fix
        if fix := self._american(word) or self._respelt(word) or self._parted(word):
            self._fixes[word] = fix
            return fix
        if len(self._known) > MOST_KNOWN:
            self._known = set(self._right)
        self._known.add(word)
        return None

    def _american(self, word: str) -> str | None:
        """ "oedema"  ->  "edema"."""
        if len(word) < ANY_ERROR:
            return None
        forms = [word]
        for british, american in _BRITISH:
            forms += [form.replace(british, american) for form in forms if british in form]
        return next((form for form in forms[1:] if form in self._vocabulary), None)

    def _respelt(self, word: str) -> str | None:
        """ "pnuemothorax"  ->  "pneumothorax"; the likeliest where it may be several."""
        if len(word) < SLIGHT_ERROR:
            return None
        near = [w for form in (word, *_less_one(word)) for w in self._nearby.get(form, ())]
        ranked = [(rank, w) for w in dict.fromkeys(near) if (rank := _error(word, w)) is not None]
        return min(ranked, key=lambda pair: pair[0])[1] if ranked else None

    def _parted(self, word: str) -> str | None:
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


def _less_one(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def _error(word: str, right: str) -> int | None:
    """How likely it is that `word` is `right` with one typing error: 0 is likeliest; None: it is not."""
    same = next((i for i, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right)))
    rest, rest_right = word[same:], right[same:]
    if len(word) == len(right):
        if rest[:2] == rest_right[1::-1] and rest[2:] == rest_right[2:]:
            return 0
        return 2 if same and min(len(word), len(right)) >= ANY_ERROR and rest[1:] == rest_right[1:] else None
    if rest == rest_right[1:]:
        return 1 if same else None
    if rest[1:] == rest_right and same:
        doubled = rest[0] == word[same - 1]
        return 1 if doubled else 2 if len(right) >= ANY_ERROR else None
    return None
