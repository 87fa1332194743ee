"""What a phrase heads: "Relevant clinical history" an indication, "CHEST, TWO VIEWS" what is seen on a film.

>>> kind_of("Relevant clinical history"), kind_of("FINDNGS"), kind_of("Pleural effusion")
('indication', 'findings', None)
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_DATA = {
    name: {key: frozenset(words.split()) for key, words in part.items()}
    for name, part in tomllib.loads(Path(__file__).with_name("headings.toml").read_text("utf-8")).items()
}
_TITLE, _BESIDE, _BEFORE_THE_FILM = (
    _DATA.pop("title"),
    _DATA.pop("beside")["words"],
    _DATA.pop("before_the_film")["words"],
)
TITLE = "title"
"""The kind of a phrase that names the film."""
SILENT = frozenset({"administrative", "notification", "recommendation", "indication", "comparison", "technique"})
"""Kinds of sections that state no finding of this film."""

_CORES = {word: kind for kind, part in reversed(_DATA.items()) for word in part["words"]}
_VOCABULARY = _CORES.keys() | _BESIDE | frozenset().union(*(part.get("with_others", ()) for part in _DATA.values()))
_TITLE_WORDS = _TITLE["words"] | _TITLE["with_others"]
_FIRST_WORDS = _CORES.keys() | _TITLE_WORDS | _BESIDE | {"patient", "number", "time"}
_STATING = ("findings", "impression")
_DIAGNOSIS = frozenset({"diagnosis", "diagnoses", "diagnose", "dx"})
_DOCUMENT = frozenset({"report", "reports", "read", "reading", "readings", "result", "results"})
_COMMENT = frozenset({"comment", "comments"})
_FINDINGS_WORDS = _DATA["findings"]["words"] - _DOCUMENT
_OF = frozenset({"preliminary", "addendum", "comparison"})  # "findings of the prior film"
_SHORTEST = 6  # letters of a word that may be misspelt
_LIKELY = [word for word in _CORES if len(word) >= _SHORTEST]
_HEADING_WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER_WORD = re.compile(r"x{2,}|[ap]\.?m")  # a word of de-identification; the time of day
_ACCENTS = str.maketrans("áàâäéèêëíìîïóòôöúùûüçñ", "aaaaeeeeiiiioooouuuucn")
_BRACKET = re.compile(r" ?\([^()]{1,40}\)?$")
_COMPARISON_PHRASE = re.compile(r"compar\w+ (?:is |was )?(?:made )?(?:to|with)\b|^in\b")  # begins a sentence
_CONJUNCTION = re.compile(r"[/&,+]| and | und | et | y ")


def _without_a_letter(word: str) -> set[str]:
    """The word with one letter left out, each in turn, and whole."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


_WORD_BY_SHORT_FORM: dict[str, list[str]] = {}
for _word in _LIKELY:
    for _short in _without_a_letter(_word):
        _WORD_BY_SHORT_FORM.setdefault(_short, []).append(_word)


@lru_cache(maxsize=16384)
def heading_word(word: str) -> str:
    """The word of headings that this one is, or is misspelt from by one letter; "" if there is none."""
    if word in _FIRST_WORDS or word in _VOCABULARY:
        return word
    if len(word) < _SHORTEST or len(word) > 20:
        return ""
    candidates = (other for short in _without_a_letter(word) for other in _WORD_BY_SHORT_FORM.get(short, ()))
    return next((other for other in candidates if _one_error(word, other)), "")


def _one_error(a: str, b: str) -> bool:
    """Do they differ by one letter that is left out, added, another, or swapped with its neighbour?"""
    a, b = sorted((a, b), key=len)
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    rest, other = a[start:], b[start:]
    if len(a) < len(b):
        return len(b) - len(a) == 1 and rest == other[1:]
    return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])


@lru_cache(maxsize=16384)
def kind_of(phrase: str) -> str | None:
    """The kind of section that a phrase heads, TITLE for a film's name, None for a phrase that is no heading.

    "diagnosis" is the kind of a bare one, which may be the impression or why the film was made.
    """
    phrase = _without_bracket(phrase)
    text = phrase.lower()
    if not text.isascii():
        text = text.translate(_ACCENTS)
    words = [word for word in _HEADING_WORD.findall(text) if not _PLACEHOLDER_WORD.fullmatch(word)]
    if not words or len(words) > 14:
        return None
    own = [heading_word(word) for word in words]
    strange = own.count("")
    if not strange and is_title(text):
        return TITLE
    # "GT FINDINGS": one strange word before findings or impression
    if strange and not (strange == 1 and 2 <= len(words) <= 3 and phrase.isupper() and _states(own[-1])):
        return None
    if len(words) > 8 or (not phrase.isupper() and _COMPARISON_PHRASE.search(text)):
        return None
    return _kind(frozenset(own), own[0], conjunction=bool(_CONJUNCTION.search(text)))


def _without_bracket(phrase: str) -> str:
    """ "FINAL (attending)", "Prior report (09/14)": who and when is said in brackets."""
    bracket = _BRACKET.search(phrase)
    if not bracket or not bracket.start():
        return phrase
    kinds = {_CORES.get(word) for word in _HEADING_WORD.findall(bracket[0].lower())}
    return phrase[: bracket.start()] if kinds <= {None, "administrative"} else phrase


def _states(word: str) -> bool:
    return _CORES.get(word) in _STATING


def _kind(words: frozenset[str], first: str, *, conjunction: bool) -> str | None:
    cores = {kind: common for kind, part in _DATA.items() if (common := part["words"] & words)}
    if len(cores) > 1 and cores.get("findings", _COMMENT) <= _COMMENT:
        cores.pop("findings", None)
    soft = _DATA["administrative"]["with_others"] & words
    if "technique" in cores and not conjunction:
        soft -= cores["technique"]
    if "no" in soft and "administrative" not in cores and "id" not in soft and "patient" not in soft:
        return None
    if words == {"final"}:
        return "findings"
    if not cores:
        return "administrative" if "patient" in soft and len(words) > 1 else None
    stating = next((kind for kind in _STATING if kind in cores), None)
    if stating and conjunction:
        return stating
    if "end" in soft or (soft and cores.keys() <= {"findings", "technique"} and words.isdisjoint(_FINDINGS_WORDS)):
        return "administrative"
    if cores.get("impression", frozenset()) & _DIAGNOSIS:
        return "indication" if words & _BEFORE_THE_FILM else "diagnosis"
    if (
        stating
        and _CORES.get(first) == stating
        and first not in _DOCUMENT
        and ("compared" in words or not cores.keys() & _OF)
    ):
        return stating
    return next(iter(cores))


def is_title(text: str) -> bool:
    """Does the lower-case text name a film, and say nothing else?"""
    first = _HEADING_WORD.search(text)
    if first is None or (first[0] not in _TITLE_WORDS and not _PLACEHOLDER_WORD.fullmatch(first[0])):
        return False
    words = [word for word in _HEADING_WORD.findall(text) if not _PLACEHOLDER_WORD.fullmatch(word)]
    if not words or len(words) > 16 or not all(word in _TITLE_WORDS for word in words):
        return False
    anchors = _TITLE["words"].intersection(words)
    return bool(anchors and (anchors - {"view", "views", "film", "films"} or len(words) > 1)) or (
        "x" in words and bool({"ray", "rays"} & set(words))
    )


@lru_cache(maxsize=16384)
def may_begin(word: str) -> bool:
    """Can a heading begin with this lower-case word?"""
    return bool(heading_word(word.translate(_ACCENTS)))
