"""Where a section ends that states no finding, and what of it is the body of a report that has no heading for it."""

import re

from cxr_cli.findings.sections.headings import is_title

_PARAGRAPH = re.compile(r"\n[ \t]*\n[ \t\n]*|\n?[ \t]*[_=*-]{5,}[ \t]*(?=\n|$)\n?[ \t\n]*")
# A sentence that tells what is seen: a verb or "no", and what one looks at.
_ORGAN = (
    r"(?:lungs?|heart|cardi\w+|mediastin\w+|silhouette|hil\w+|pulmonary|pleural?|costophrenic|h?emidiaphragms?|bon\w+"
    r"|osseous|ribs?|thoracic|chest|trachea|aort\w+)"
)
_SEEN = re.compile(
    r"\bthere (?:is|are|has|have|remains?)\b"
    rf"|\b{_ORGAN}\b[^.]{{0,80}}?\b(?:is|are|appears?|clear|normal|unremarkable|within|enlarged|unchanged|stable|limits)\b"
    r"|\b(?:is|are) (?:\w+ )?(?:seen|noted|present|identified|clear|normal|unchanged|stable|demonstrated|visuali[sz]ed"
    r"|unremarkable)\b"
    rf"|\b(?:clear|normal|enlarged) {_ORGAN}\b"
    r"|\bno (?:[a-z]+,? ){0,3}(?:pneumothora\w+|effusions?|consolidations?|infiltrates?|opacit\w+|o?edema"
    r"|abnormalit\w+|disease|process|evidence|findings?)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"[\W_]*(?:rule out|r/o|evaluate|eval|assess|please|history|h/o|patients?\b|pt\b|\d+[ -]?(?:year|yr|y/?o|m\b|f\b)|"
    r"x+[ -]year|known|status post|s/p|suspect|concern|question|query|follow|compar|prior|previous)",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"[\W_]*(?:none|no\b[^.\n]{0,40}|not available|unavailable|n/?a|nil|x+|[\d/., -]+)[.\s]*", re.IGNORECASE
)
_OF_A_FILM = re.compile(
    r"\d|_{2,}|x{3,}|\b(?:none|prior|previous|earlier|dated|from|films?|radiographs?|stud(?:y|ies)|exams?|examinations?|"
    r"views?|frontal|lateral|portable|[ap]p|available|compar\w+|ct|performed|obtained|upright|supine)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"[ \t]*(?:\d{1,2}[.)]|[-*•])")
_NEXT_SENTENCE = re.compile(r"[.!?][ \t]+(?=[A-Z])")
_PLACEHOLDER = re.compile(
    r"[\W_]*(?:none|nil|n/?a|not (?:available|applicable|given|provided)|pending|x{2,}"
    r"|(?:please )?(?:see|refer to|as)\b[^.\n]{0,40})[\W_]*",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")


def says_something(text: str) -> bool:
    """Is there more than blanks, "see above" and the film's name?"""
    return bool(_LETTERS.search(text)) and not _PLACEHOLDER.fullmatch(text) and not is_title(text[:200].lower())


def tells_what_is_seen(text: str) -> bool:
    """Are these the words of one who looks at a film, and not of one who asks for it?"""
    return not _ASKED.match(text) and bool(_SEEN.search(text))


def paragraph_end(text: str, kind: str, start: int, end: int, *, body_follows: bool) -> int:
    """Where the first paragraph of a silent section ends; `end` if the section has no more.

    A heading that stands alone takes the next paragraph too, if that suits it. body_follows: what comes after the
    section is findings under their own heading, or another silent one, so that only what tells of a film is a body.
    """
    first = _next(text, start, end)
    if first is None:
        return end
    if not text[start : first[0]].strip(" \t\n_=*-"):
        after = _next(text, first[1], end)
        last = after[0] if after else end
        if suits(kind, text[first[1] : last], last_words=last == end and not body_follows):
            if after is None:
                return end
            first = after
    while kind in ("recommendation", "notification") and first and _LIST.match(text, first[1], end):
        first = _next(text, first[1], end)
    while first and body_follows and not tells_what_is_seen(text[first[1] : end]):
        first = _next(text, first[1], end)
    return first[1] if first and text[first[1] : end].strip() else end


def _next(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The next break between paragraphs."""
    match = _PARAGRAPH.search(text, start, end)
    return match.span() if match else None


def suits(kind: str, paragraph: str, *, last_words: bool) -> bool:
    """Can a paragraph be what a heading alone on its line heads? last_words: the report has no more to say."""
    if kind in ("comparison", "technique", "administrative"):
        return (
            len(paragraph) < 300 and bool(_OF_A_FILM.search(paragraph)) and not (last_words and _SEEN.search(paragraph))
        )
    return not (last_words and tells_what_is_seen(paragraph))


def line_end(text: str, kind: str, start: int, end: int) -> int:
    """Where the body begins within the paragraph of a silent section, if it does: at a line or, after "COMPARISON:
    None.", at a sentence; else `end`."""
    stop = text.find("\n", start, end)
    while stop >= 0:
        rest = text[stop + 1 : end]
        ended = text[start:stop].rstrip()[-1:] in (*".!?)]_", "") or kind in ("comparison", "technique")
        opening = rest.lstrip(" \t-*•")[:1]
        if ended and (opening.isupper() or opening.isdigit()) and tells_what_is_seen(rest[:400]):
            return stop + 1
        stop = text.find("\n", stop + 1, end)
    if kind not in ("comparison", "technique"):
        return end
    sentence = _NEXT_SENTENCE.search(text, start, end)
    while sentence:
        before, rest = text[start : sentence.start() + 1], text[sentence.end() : end]
        if not (_WITHOUT.fullmatch(before) or (len(before) < 120 and _OF_A_FILM.search(before))):
            return end
        if tells_what_is_seen(rest[: max(rest.find(". "), 0) or 400]):
            return sentence.end()
        start = sentence.end()
        sentence = _NEXT_SENTENCE.search(text, start, end)
    return end
