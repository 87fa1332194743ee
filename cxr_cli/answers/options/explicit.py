"""Options behind "the answer is", "Answer:", "I choose", or before "is the correct answer"."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from cxr_cli.answers.options.letters import OPTION_PATTERN
from cxr_cli.answers.options.reader import OPTION_MENTION, OptionMention, OptionReader, option_start
from cxr_cli.answers.wording.cues import DECIDES, NAMES_ANSWER, SAYS_RIGHT

_FILL = (
    r"(?:[\s:\"'(\[\-–—>=]|\b(?i:likely|probably|most|therefore|thus|clearly|simply|indeed|definitely|that|to be"
    r"|derived|only|still|now|both|either|option|choice)\b)*"
)
_OPTION_BEHIND_CUE = re.compile(_FILL + OPTION_PATTERN)
_LINK = re.compile(r"[^.!\n:]*?\b(?:is|are|was|be|seems|appears)\b")
_ANSWER_COLON = re.compile(r"\s*[:=]|\s+[-–—>]+\s|\s*\n")
_GAP_BEFORE_VERB = re.compile(r"[\s\"'),:\-–—]{0,6}")


def explicit_mentions(reader: OptionReader) -> list[OptionMention]:
    """Mentions behind "the answer is", "Answer:", "I choose" and the like, or before "is the correct answer"."""
    mentions: list[OptionMention] = []
    for cue in (NAMES_ANSWER, DECIDES):
        for match in cue.finditer(reader.lower):
            starts = _answer_starts(reader.lower, match.end()) if cue is NAMES_ANSWER else [match.end()]
            answer = next(filter(None, (_OPTION_BEHIND_CUE.match(reader.shadow, start) for start in starts)), None)
            run = answer and reader.run_from(option_start(answer))
            if run:
                mentions.append(run._replace(start=match.start()))
    for match in SAYS_RIGHT.finditer(reader.lower):
        mentions += _mentions_before(reader, match)
    return sorted(mentions)


def _answer_starts(lower: str, start: int) -> Iterator[int]:
    """Where an answer may begin behind its cue: after each "is" of the clause, else after a colon or line end."""
    at, limit = start, start + 127
    while link := _LINK.match(lower, at, limit):
        at = link.end()
        yield at
    if colon := _ANSWER_COLON.match(lower, start):
        yield colon.end()


def _mentions_before(reader: OptionReader, verb: re.Match[str]) -> Iterator[OptionMention]:
    """The option before "is the correct answer"; before "are", all options that are named in a row."""
    several = verb[0].startswith("are")
    last = reader.phrase_places[i - 1] if (i := bisect_left(reader.phrase_places, (verb.start(),))) else (0, 0, "")
    near = last[0] if verb.start() - last[1] < 7 else verb.start()
    window = reader.sentences_around(verb.start(), verb.end())[0] if several else max(near - 16, 0)
    for match in OPTION_MENTION.finditer(reader.shadow, window, verb.end()):
        if match.start() >= verb.start():
            return
        one = OptionMention(match.start(), match.end(), reader.options_in(match))
        run = reader.run_from(match.start()) if several else one
        if run and _GAP_BEFORE_VERB.fullmatch(reader.text, run.end, max(verb.start(), run.end)):
            if not reader.lower.endswith(("neither ", "nor ", "none of "), 0, run.start):
                yield run._replace(end=verb.end())
            return
