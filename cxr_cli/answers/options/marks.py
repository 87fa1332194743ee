"""Options that are marked as chosen: with their letter ("B) No"), alone on a line, favoured, or Yes and No up front."""

import re

from cxr_cli.answers.options.letters import OPTION_PATTERN
from cxr_cli.answers.options.reader import OptionMention, OptionReader, option_start
from cxr_cli.answers.wording.cues import CHOICE, FAVOURS, IN_CONCLUSION

_OPTION_LINE = re.compile(rf"[ \t\-–>]*{OPTION_PATTERN}[ \t.!)\]\"']*$", re.M)
_OPTION_MARK = re.compile(r"(?:[(\[]\s*[A-Za-z]\s*[)\]]|(?<![\w'-])(?:[A-Z]\s?[).:]|[a-z]\)))[\s:.,\"(\-–—]{0,4}\Z")
_LINE_END = re.compile("\n")
_YES_NO_FIRST = re.compile(r"\W*(yes|no)\b(?=\s*(?:[,.;:!\n–—-]|$)|\s+(?:this|the|there|it|i|based)\b)")
_YES_NO_ALONE = re.compile(r"(yes|no)(?:[.!]\s*(?=\n|$)|\s*$)")
_YES_NO_LAST = re.compile(
    r"\b(?:so|hence|thus|therefore|then|means|i(?:'d| would)? say)[,:]? (?:it is |it's |a )?(yes|no)[.!]*\s*\Z"
)
REFUTED = re.compile(
    r"\W{0,5}(?:(?:does|do|is|are|can|could|would|may)(?:n't|\s+not)|cannot|is (?:unlikely|incorrect|wrong|ruled out)"
    r"|(?:can|could) be (?:ruled out|eliminated|excluded))\b"
)
_WRONG = re.compile(
    r"(?<![\w'-])(?:[(\[]?(?P<letter>[A-Z])[)\].]?)(?:\W{1,3}[^.\n]{1,60}?)?\s+(?:is|are) "
    r"(?:clearly |therefore |also )?(?:incorrect|wrong|not (?:correct|right|the (?:right|correct))"
    r"|ruled out|excluded|eliminated)\b"
)
_SHORT_TEXT = 200


def marked_mentions(reader: OptionReader) -> list[OptionMention]:
    """Options with their letter ("B) No"), alone on a line, favoured ("best fits option B"), or Yes/No up front."""
    marks: dict[int, OptionMention] = {}
    end = -1
    for line in [0, *(match.end() for match in _LINE_END.finditer(reader.text))]:
        if line > end and (match := _OPTION_LINE.match(reader.shadow, line)):
            start, end = option_start(match), match.end()
            marks[start] = OptionMention(start, end, reader.options_in(match))
    for start, end, _ in reader.phrase_places:
        mark = _OPTION_MARK.search(reader.shadow, max(start - 16, 0), start)
        if mark and reader.text[end : end + 1] != "-":
            at = mark.start() + next(i for i, c in enumerate(mark[0]) if c.isalpha())
            options = reader.options_of_letter(reader.text[at], reader.shadow[start], end)
            marks.setdefault(at, OptionMention(at, end, options))
    for match in CHOICE.finditer(reader.lower):
        a, b = reader.sentences_around(match.start(), match.end())
        at = match.end() - 1
        concludes = reader.has_cue(FAVOURS, a, b) or reader.has_cue(IN_CONCLUSION, a, match.start())
        if concludes and reader.text[at].isupper():
            options = reader.options_of_letter(reader.text[at], None, 0)
            marks.setdefault(at, OptionMention(match.start(), at + 1, options))
    if reader.options.yes_no:
        marks = {**_plain_yes_or_no(reader), **marks}
    return [marks[start] for start in sorted(marks) if not REFUTED.match(reader.lower, marks[start].end)]


def wrong_options(reader: OptionReader) -> frozenset[int]:
    """The options that the text calls wrong by their letters: "Option B is incorrect"."""
    return frozenset(ord(match["letter"]) - ord("A") for match in _WRONG.finditer(reader.text))


def _plain_yes_or_no(reader: OptionReader) -> dict[int, OptionMention]:
    """Yes or No as the first word, or as a sentence at the end of a line; the key is where it stands."""
    spots = [match.span(1)] if (match := _YES_NO_FIRST.match(reader.lower)) else []
    spots += [match.span(1)] if (match := _YES_NO_LAST.search(reader.lower, max(len(reader.lower) - 40, 0))) else []
    for start, _, _ in reader.phrase_places:
        before = reader.text[max(start - 9, 0) : start]
        if (
            before[-1:].isspace()
            and before.rstrip().endswith((".", "!"))
            and (match := _YES_NO_ALONE.match(reader.lower, start))
            and (match[0][-1:] in ".!\n" or len(reader.text) <= _SHORT_TEXT)  # a long text without an end is cut off
        ):
            spots.append(match.span(1))
    return {a: OptionMention(a, b, frozenset([reader.options.names[reader.lower[a:b]]])) for a, b in spots}


def without_option_list(text: str, mentions: list[OptionMention], count: int, single: bool) -> list[OptionMention]:
    """The mentions without those that only repeat the options as a list: A), B), .. in order, one a line or close."""

    def starts_line(mention: OptionMention) -> bool:
        return not text[text.rfind("\n", 0, mention.start) + 1 : mention.start].strip(" -–>(")

    def follows(a: OptionMention, b: OptionMention) -> bool:
        return b.start - a.end <= 60 or (starts_line(a) and starts_line(b))

    others: list[OptionMention] = []
    run: list[OptionMention] = []
    for mention in [*mentions, None]:
        if mention and mention.options == {len(run)} and (not run or follows(run[-1], mention)):
            run.append(mention)
            continue
        if len(run) < 2 or not (single or len(run) == count):
            others += run
        run = [mention] if mention and mention.options == {0} else []
        if mention and not run:
            others.append(mention)
    return others
