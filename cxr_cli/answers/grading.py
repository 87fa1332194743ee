"""What a model answered, and whether that is right: "I see no air, so **B) No**." answers ["No"].

No answer is not a wrong answer: it is None, with one of the reasons below.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.answers.cues import CONCLUDES, DEFERS, FAVOURS, REFUSES, clean, plain
from cxr_cli.answers.mentions import Mention, Reply, unlisted
from cxr_cli.answers.options import options_for
from cxr_cli.answers.prose import concluded
from cxr_cli.answers.reply_format import LETTERS, Said, asked, split
from cxr_cli.tasks import task_of

__all__ = ["Chosen", "Said", "accuracy", "answer_f1", "choose", "expected", "grade", "phrases", "split"]

NO_ANSWER, REFUSED, TWO, UNPARSABLE = "no answer", "refused", "names two options", "unparsable"
NO_REFERENCE, NOT_AN_OPTION = "no reference answer", "reference answer is no option"
_NONE = re.compile(r"\W*(?:none(?: of (?:the above|these|the options))?|no (?:abnormal )?findings?|nothing)\W*", re.I)
_LEAD = re.compile(r"\s*(?:the |my )?(?:final |correct )?(?:answers?|findings?)\s*(?:is|are|include)?\s*:?\s+", re.I)
_OPEN_CUE = re.compile(r"\b(?:answers?|findings?(?: \w+){0,5}? (?:include|are))\s*:?\s*", re.I)
_PIECE = re.compile(r"\s*(?:[\n;,]|\band\b|&)\s*", re.I)
_INDENT = re.compile(r"[\s\-–>:.]*")
_BULLET = re.compile(r"^(?:[-–>\s]|\(?\d{1,2}[.)]\s)+|[\s.]+$")


class Chosen(NamedTuple):
    """The option texts a model answers (phrases, where there are no options), or None and the reason."""

    texts: list[str] | None
    reason: str | None


def choose(
    text: str | None, options: Sequence[str], *, several: bool = False, question: str = "", findings: Sequence[str] = ()
) -> Chosen:
    """Read a model's whole reply. several: more than one option may be right. question, findings: what is asked after,
    for yes/no answers given in prose.

    What stands in the answer tag counts alone; without one, what stands after the thought, then the thought. Within
    each: the last explicit answer, else the option marked as chosen, else what the prose concludes.
    """
    return _chosen(split(text or ""), options, several, question, findings)


def _chosen(said: Said, options: Sequence[str], several: bool, question: str, findings: Sequence[str]) -> Chosen:
    if not any((said.answer, said.rest, said.think)):
        return Chosen(None, NO_ANSWER)
    if not options:
        return _open(said, several)
    known = options_for(tuple(options))
    first: Chosen | None = None
    for part in [said.answer] if said.answer else [said.rest, said.think]:
        if not part:
            continue
        reply = Reply(clean(part), known)
        found = _read(reply, several, question, findings, tagged=part is said.answer)
        if not isinstance(found, str):
            return Chosen(found, None)
        first = first or Chosen(None, found)
    return first or Chosen(None, NO_ANSWER)


def _read(reply: Reply, several: bool, question: str, findings: Sequence[str], tagged: bool) -> list[str] | str:
    """The texts chosen, or the reason for none."""
    text, known = reply.text, reply.known

    def pick(named: frozenset[int] | set[int]) -> list[str] | str:
        if -1 in named:
            return UNPARSABLE
        if len(named) > 1 and not several:
            return TWO
        return [known.texts[i] for i in sorted(named)]

    if several and _NONE.fullmatch(text) and plain(text) not in known.index:
        return []
    whole = _slot(reply, several, tagged)
    if whole is not None:
        return whole if isinstance(whole, list) else pick(whole)
    explicit = reply.explicit()
    firm = [mention for mention in explicit if not reply.conditional(mention)]
    if firm:
        return pick(firm[-1].options)
    marked = reply.marked()
    own = [mention for mention in marked if -1 not in mention.options]
    kept = unlisted(text, own, len(known.texts), single=not several)
    kept = [mention for mention in kept if not reply.conditional(mention)]
    named = frozenset().union(*(m.options for m in kept))
    if named and (several or len(named) == 1):
        return pick(named)
    if named and _concludes(reply, kept):
        return pick(kept[-1].options)
    refused = reply.cued(REFUSES)
    prose = set() if refused or named else concluded(reply, question, findings)
    if prose and (several or len(prose) == 1):
        return pick(prose)
    if prose or len(frozenset().union(*(m.options for m in [*explicit, *marked])) - {-1}) > 1:
        return TWO
    if refused or reply.cued(DEFERS):
        return REFUSED
    return UNPARSABLE if tagged or any(-1 in m.options for m in marked) else NO_ANSWER


def _slot(reply: Reply, several: bool, tagged: bool) -> frozenset[int] | list[str] | None:
    """A text that is nothing but the answer, or, in the answer tag, begins with it."""
    text, known = reply.text, reply.known
    exact = known.exact(text)
    if exact is not None:
        return frozenset([exact])
    start = _INDENT.match(text)
    run = reply.run(start.end() if start else 0)
    left = text[run.end :].lstrip(" )]}\"'") if run else text
    if run and (not left.strip(" .!\n") or (tagged and (not several or left[0] in ".:\n(-"))):
        return run.options
    compact = re.fullmatch(r"\W*([A-Z]{2,})\W*", text)
    if compact and len(set(compact[1])) == len(compact[1]) and set(compact[1]) <= set(LETTERS[: len(known.texts)]):
        return frozenset(LETTERS.index(c) for c in compact[1])
    if not (several and tagged):
        return None
    pieces = [_BULLET.sub("", piece) for piece in _PIECE.split(_LEAD.sub("", text, count=1))]
    runs = [(piece, Reply(piece, known).run(0)) for piece in pieces if piece]
    if not any(run and run.end == len(piece) for piece, run in runs):
        return None
    found = [known.texts[i] for _, run in runs if run for i in sorted(run.options) if i >= 0]
    return list(dict.fromkeys(found)) + [piece for piece, run in runs if not run]


def _concludes(reply: Reply, mentions: list[Mention]) -> bool:
    """Whether the last mention stands alone in a concluding sentence, or in a last one that calls it the best."""
    a, b = reply.around(mentions[-1].start, mentions[-1].end)
    alone = len({m.options for m in mentions if a <= m.start < b}) == 1
    near_end = b >= reply.sentences[-min(2, len(reply.sentences))][1]
    return alone and (reply.cued(CONCLUDES, a, b) or (near_end and reply.cued(FAVOURS, a, b)))


def _open(said: Said, several: bool) -> Chosen:
    """A question without options: the phrases in the answer tag, behind the last cue, or of a reply of one line."""
    text = clean(said.answer or said.rest or said.think or "")
    if not said.answer:
        cues = list(_OPEN_CUE.finditer(text))
        if cues:
            text = text[cues[-1].end() :]
        elif "\n" in text or len(text) > 200:
            return Chosen(None, REFUSED if any(REFUSES.finditer(text.lower())) else UNPARSABLE)
    if not text.strip():
        return Chosen(None, NO_ANSWER)
    return Chosen(phrases(text) if several else [_BULLET.sub("", _LEAD.sub("", text, count=1))], None)


def phrases(text: str) -> list[str]:
    """A list in words, in parts: "effusion, small nodule and scar." -> ["effusion", "small nodule", "scar"]."""
    if _NONE.fullmatch(text):
        return []
    pieces = (_BULLET.sub("", piece) for piece in _PIECE.split(_LEAD.sub("", text, count=1)))
    return [piece for piece in pieces if plain(piece)]


def expected(case: Mapping[str, Any], options: Sequence[str]) -> list[str] | None:
    """The right answer as option texts (phrases, without options); None when the case has none that fits.

    Other people's rows give letters: "B", "<answer> B </answer>", "A, C" or ["A", "C"].
    """
    answer = case.get("answer")
    if answer is None or answer == "":
        return None
    parts = [split(str(part)) for part in (answer if isinstance(answer, list) else [answer])]
    texts = [(part.answer or part.rest).strip() for part in parts]
    if not options:
        several = task_of(case, options).several or len(texts) > 1
        return [phrase for text in texts for phrase in phrases(text)] if several else texts
    known = options_for(tuple(options))
    found: set[int] = set()
    for text in map(clean, texts):
        exact = known.exact(text)
        exact = known.index.get(plain(text)) if exact is None else exact
        run = Reply(text, known).run(0) if exact is None else Mention(0, len(text), frozenset([exact]))
        found |= run.options if run and not text[run.end :].strip(" .)") else {-1}
    return None if -1 in found else [known.texts[i] for i in sorted(found)]


def answered(case: Mapping[str, Any], text: str | None) -> Chosen:
    """What the model answers to this case, read as `grade` reads it."""
    return _answered(case, split(text or ""))[0]


def _answered(case: Mapping[str, Any], said: Said) -> tuple[Chosen, list[str] | None, bool]:
    """What is chosen, what is right, and whether several options may be."""
    question, options = asked(str(case.get("question") or ""))
    options = list(case.get("options") or options)
    right = expected(case, options)
    listed = isinstance(case.get("answer"), list) or len(right or ()) > 1
    several = listed or task_of(case, options).several
    return _chosen(said, options, several, question, case.get("findings") or ()), right, several


def grade(case: Mapping[str, Any], text: str | None) -> tuple[dict[str, float | None], dict[str, str]]:
    """The answer's scores and, for each that is null, the reason, as a scored row holds them.

    accuracy: 1 when exactly the right options are named, else 0. answer_f1, where several may be right: partial
    credit, 2 |given and right| / (|given| + |right|). format: 1 when the reply keeps to the tags, else 0.
    """
    said = split(text or "")
    chosen, right, several = _answered(case, said)
    metrics = ["accuracy", "answer_f1"] if several else ["accuracy"]
    scores: dict[str, float | None] = dict.fromkeys(metrics)
    why: dict[str, str] = {}
    if right is None:
        why = dict.fromkeys(metrics, NOT_AN_OPTION if case.get("answer") else NO_REFERENCE)
    elif chosen.texts is None:
        why = dict.fromkeys(metrics, chosen.reason or NO_ANSWER)
    else:
        given, wanted = set(map(plain, chosen.texts)), set(map(plain, right))
        scores["accuracy"] = float(given == wanted)
        if several:
            both = len(given) + len(wanted)
            scores["answer_f1"] = 2 * len(given & wanted) / both if both else 1.0
    if text and text.strip():
        scores["format"] = float(said.well_formed)
    else:
        scores["format"], why["format"] = None, NO_ANSWER
    return scores, why


def accuracy(case: Mapping[str, Any], text: str | None) -> tuple[float | None, str | None]:
    """1, 0, or None and the reason."""
    scores, why = grade(case, text)
    return scores["accuracy"], why.get("accuracy")


def answer_f1(case: Mapping[str, Any], text: str | None) -> tuple[float | None, str | None]:
    """Partial credit for a question with several answers, or None and the reason."""
    scores, why = grade(case, text)
    return scores.get("answer_f1"), why.get("answer_f1")
