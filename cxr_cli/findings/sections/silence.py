"""Where a section that states no finding ends, and where the body of a report begins that has no heading."""

import re
from itertools import islice, pairwise
from pathlib import Path

from cxr_cli.findings.lexicon.word_lists import either, word_lists
from cxr_cli.findings.sections.headings import is_title

_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t\n]*|[_=*-]{5,}[ \t]*(?:\n[ \t\n]*|\Z))")
_LISTS = word_lists(Path(__file__).with_name("body.toml"))
_BODY = {name: either(words) for name, words in _LISTS["body"].items()}
_ORGAN = _BODY["organs"]
# A sentence that tells what is seen: a verb or "no", and what one looks at.
_OBSERVATION = re.compile(
    r"\bthere (?:is|are|has|have|remains?)\b"
    rf"|\b{_ORGAN}\b[^.]{{0,80}}?\b(?:(?:is|are)(?! {_BODY['asked']})|{_BODY['states']})\b"
    rf"|\b(?:is|are) (?:\w+ )?{_BODY['seen']}\b"
    rf"|\b(?:clear|normal|enlarged) {_ORGAN}\b"
    rf"|\b(?:{_BODY['sizes']} (?:[a-z]+ ){{0,2}}|(?:no|without) (?:[a-z]+,? ){{0,3}}){_BODY['findings']}\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(rf"[\W_]*{either(_LISTS['request']['opens'])}", re.IGNORECASE)
_WITHOUT = re.compile(
    r"[\W_]*(?:none|no\b[^.\n]{0,40}|not available|unavailable|n/?a|nil|(?:x{2,}|[\d/., -])+)[.\s]*", re.IGNORECASE
)
_OF_A_FILM = re.compile(rf"\d|_{{2,}}|x{{3,}}|\b{either(_LISTS['film']['words'])}\b", re.IGNORECASE)
_LIST = re.compile(r"[ \t]*(?:\d{1,2}[.)]|[-*•])")
_NEXT_LINE = re.compile(r"([.!?)\]_][ \t]*)?\n[ \t•*-]*(?=[A-Z\d])")
_OPENING = 400  # characters by which a body is known
_NEXT_SENTENCE = re.compile(r"[.!?][ \t]+(?=[A-Z])")
_AGE = re.compile(r"\s*\d{1,3}[ -]?(?:(?:years?|yrs?|months?|weeks?|days?)\b|y\b|yo\b|y/o|/?[mf]\b)", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?](?:[ \t]+(?=[A-Z])|[ \t]*\n)")
_FINDING_NAME = re.compile(rf"{_BODY['named']}\b")
_THEN = re.compile(r"\b(?:was|were|had|showed|then|at that time)\b", re.IGNORECASE)
_NO_CONTENT = re.compile(
    r"[\W_]*(?:none|nil|n/?a|not (?:available|applicable|given|provided)|pending|x{2,}"
    r"|(?:please )?(?:see|refer to|as)\b[^.\n]{0,40})[\W_]*",
    re.IGNORECASE,
)
_LONGEST_TITLE = 150
_LETTER = re.compile(r"[^\W\d_]")


def says_something(text: str) -> bool:
    """Is there more than blanks, "see above" and the film's name?"""
    if not _LETTER.search(text):
        return False
    return len(text) > _LONGEST_TITLE or not (_NO_CONTENT.fullmatch(text) or is_title(text.lower()))


def tells_what_is_seen(text: str) -> bool:
    """Does the text describe a film? A text that begins like a request has to do so twice."""
    observations = islice(_OBSERVATION.finditer(text), 2)
    return next(observations, None) is not None and (not _REQUEST.match(text) or next(observations, None) is not None)


def paragraph_end(text: str, kind: str, start: int, end: int, *, body_follows: bool) -> int:
    """Where the first paragraph of a silent section ends; `end` if the section has no more.

    A heading that stands alone takes the next paragraph too, if that suits it. body_follows: what comes after the
    section is findings under their own heading, or another silent one, so that only what tells of a film is a body.
    """
    breaks = [*(match.span() for match in _PARAGRAPH.finditer(text, start, end)), (end, end)]
    paragraphs = [(after, before) for (_, after), (before, _) in pairwise(breaks) if after < before]
    if paragraphs and not text[start : breaks[0][0]].strip(" \t\n_=*-"):
        last_words = len(paragraphs) == 1 and not body_follows
        if suits(kind, text[slice(*paragraphs[0])], last_words=last_words):
            del paragraphs[0]
    for begin, stop in paragraphs:
        listed = kind in ("recommendation", "notification") and _LIST.match(text, begin, stop)
        if not listed and (not body_follows or tells_what_is_seen(text[begin:stop])):
            return begin
    return end


def opening_end(text: str, end: int) -> int:
    """Where the request ends in a text that begins with a patient's age, "64F 5/7 cough. Lungs clear": with its
    paragraph or, if there is no other, with its sentence. 0 if there is no request."""
    if not _AGE.match(text):
        return 0
    paragraph, sentence = _PARAGRAPH.search(text, 0, end), _SENTENCE.search(text, 0, end)
    for match in (paragraph, sentence):
        if match and text[match.end() :].strip() and not tells_what_is_seen(text[: match.start()]):
            return match.end()
    return 0


def suits(kind: str, paragraph: str, *, last_words: bool) -> bool:
    """Can a paragraph be what a heading alone on its line heads? last_words: the report has no more to say."""
    if kind in ("comparison", "technique", "administrative"):
        return (
            len(paragraph) < 300
            and bool(_OF_A_FILM.search(paragraph))
            and not (last_words and _OBSERVATION.search(paragraph))
        )
    return not (last_words and tells_what_is_seen(paragraph))


def opens_with_body(text: str, start: int, end: int) -> bool:
    """Does the first sentence tell what is seen?"""
    stop = min(start + _OPENING, end)
    return tells_what_is_seen(text[start : text.find(".", start, stop) + 1 or stop])


def is_observation(text: str, start: int, end: int) -> bool:
    """Do the first words tell what is seen: "There is ..", "The lungs are .."?"""
    article = 4 if text[start : start + 4].lower() == "the " else 0
    return _OBSERVATION.match(text, start + article, min(start + _OPENING, end)) is not None


def line_end(text: str, kind: str, start: int, end: int, *, lonely: bool) -> int:
    """Where the body begins within the paragraph of a silent section, if it does: at a line that no wrapping has begun
    or, after "COMPARISON: None.", at a sentence; else `end`.

    lonely: the report has no other body, so that any line after a full stop will do.
    """
    of_a_film = kind in ("comparison", "technique")
    line = text.rfind("\n", 0, start) + 1
    width = max(map(len, text[line:end].split("\n")))
    for match in _NEXT_LINE.finditer(text, start, end):
        stop = min(match.end() + _OPENING, end)
        word = text.find(" ", match.end(), stop)
        fits = match.start() - line + (word if word >= 0 else stop) - match.end() < width
        line = match.end()
        if (fits or (lonely and (of_a_film or match[1]))) and tells_what_is_seen(text[line:stop]):
            return line
    for match in _NEXT_SENTENCE.finditer(text, start, end) if of_a_film else ():
        before = text[start : match.end()]
        alone = _WITHOUT.fullmatch(before) or (kind == "technique" and is_title(before[:_LONGEST_TITLE].lower()))
        if not alone and (len(before) > _LONGEST_TITLE or not _OF_A_FILM.search(before)):
            break
        stop = min(match.end() + _OPENING, end)
        rest = text[match.end() : text.find(".", match.end(), stop) + 1 or stop]
        names_a_finding = _FINDING_NAME.search(rest) and not (_OF_A_FILM.search(rest) or _THEN.search(rest))
        if tells_what_is_seen(rest) or ((alone or names_a_finding) and not _REQUEST.match(rest)):
            return match.end()
        start = match.end()
    return end
