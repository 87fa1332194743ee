"""What prose without an explicit answer concludes: "The chest X-ray does not show pneumonia." is a No.

Only the model's own, unhedged statements count: no questions, conditions, reported speech or textbook knowledge.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from cxr_cli.answers.cues import CONCLUDES, CONDITION, MEANING, NEGATES, Cue, plain
from cxr_cli.answers.mentions import OptionReader, ends_clause
from cxr_cli.answers.option_names import OptionSet, PhrasePlace, PhraseSearch

_GENERIC_WORDS = set(
    """
    do does did is are was were can could has have had will would this that these those there any some in on of
    for with from by to and or be been it its if whether you your please determine answer question what which
    who how chest x ray xray rays cxr radiograph radiographs radiography film image images imaging scan picture
    study exam examination view patient patients person show shows shown showing demonstrate reveal display
    exhibit indicate suggest contain present presence absence absent evidence sign signs visible seen see look
    find finding findings identify identified detect detected observe observed suspected suffering diagnose
    diagnosis diagnosed suggestive consistent indicative yes no
    """.split()  # noqa: SIM905
)
_HEDGED = Cue(
    *("could", "may", "might", r"possib\w+", r"potential\w*", "cannot", "can't", "questionable", r"concern\w*"),
    *("suspicious", "suspicion", r"suspect\w*", "differential", "versus", "vs", "whether", "unclear", r"uncertain\w*"),
    *("consider(?:ed|ation)?", r"requir\w+", r"mimic\w*", "insufficient", r"not (?:\w+ ){0,2}(?:rule|exclude)"),
    *("definitive diagnosis", "same as"),
)
_NOT_OWN = Cue(
    *("radiologists?", "physicians?", "doctors?", "clinicians?", "technologists?", "radiographers?", "examiners?"),
    *("hes?", "shes?", "should", "look(?:ing)? for", "check(?:ing)?", "need(?:s|ed)? to", "let's", "let us"),
    *("to (?:determine|assess|evaluate)", "typically", "usually", "often", "commonly?", "generally", "can"),
    *("characteri[sz]ed by", "refers to", "occurs", "in general"),
)
_AFFIRMED_BEFORE = re.compile(
    r"\b(?:shows?|showed|showing|demonstrat(?:es?|ed|ing)|reveal(?:s|ed|ing)?|indicat(?:es?|ed|ing|ive)|consistent"
    r"|compatible|suggest(?:s|ed|ing|ive)?|supports?|supporting|there(?:'s| is| are| was| appears| seems)"
    r"|confirm(?:s|ed|ing)?|diagnos(?:is|ed)|has|have|identif(?:y|ies|ied)|detect(?:s|ed)|this is|it is|it's|points? to"
    r"|represents?|in keeping|answer(?: is|:))\b(?:[\s,\"'*-]+(?!(?:which|that|between|in|on|for|from|than|types?"
    r"|kinds?|causes?|characteristic|hallmark|techniques?|ways?|mimic\w*)\b)[\w-]+){0,8}[\s,\"'*-]*$",
)
_AFFIRMED_AFTER = re.compile(
    r"\W*(?:(?:is|are|was|appears?|seems?)\W+(?:to be\W+)?(?:\w+ly\W+)?)?(?:present|seen|visible|visualized|identified"
    r"|noted|evident|confirmed|detected|shown|likely|demonstrated)\b|\s*[:=]\s*(?:present|yes|positive)\b",
)
_HERE = re.compile(
    r"\b(?:this|the|provided|given|above) (?:\w+ )?(?:x-?ray|cxr|radiograph|image|film|case|study|scan)\b"
    r"|\b(?:there (?:is|are)|this is|i (?:see|find))\b|^\W*no\b",
)
_SUBJECT_FIRST = re.compile(
    r"\b(?:x-?ray|radiograph|image|film|study|scan|exam\w*|cxr|chest|findings?|it|this)\b[^.,;]{0,40}$"
)
_SCOPE_ENDS = re.compile(
    r"(?<!that )(?<!which )\b(?:suggests|indicates|confirms|shows|demonstrates|reveals|is|are)\b"
    r"|,\s*(?:\w+ing|which|consistent|compatible|indicative|suggestive)\b|\b(?:but|however|although|because|while)\b|;",
)
_DENIED_AFTER = re.compile(
    r"\W*(?:\w+\W+){0,3}?(?:(?:is|are|was|were|be|been|appears?|seems?)(?:n't|\W+not\b)(?!\W+(?:obvious|clear|certain|typical|specific))"
    r"|(?:is|are|be|been|appears?|seems?)\W+(?:\w+ly\s+)?(?:absent|unlikely|excluded|ruled out|eliminated))"
    r"|\s*[:=]\s*(?:absent|no|none|negative)\b",
)

_BEFORE = re.compile(
    r"(?:^\W*|[,:;\"'(]\s*|\b(?:is|are|as|with|of|shows?|showing|demonstrates?|reveals?|includes?|suggests?|suggesting"
    r"|indicates?|indicating|be|has|and|or|an?|the)\s+)\Z"
)

_REACH, _NEAR = 200, 20


def subjects(question: str, findings: Sequence[str] = ()) -> tuple[str, ...]:
    """What a yes/no question is about: the one run of its words that is not generic, and the findings of its case."""
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[^\W_]+", question.casefold()):
        if word in {"a", "an", "the"}:
            continue
        if word in _GENERIC_WORDS:
            runs.append([])
        else:
            runs[-1].append(word)
    runs = [run for run in runs if run]
    run = [" ".join(runs[0])] if len(runs) == 1 else []
    return tuple(dict.fromkeys([*run, *map(plain, findings)]))


@lru_cache(maxsize=4096)
def _subject_search(names: tuple[str, ...]) -> PhraseSearch:
    return PhraseSearch([name + ending for name in names if name for ending in ("", "s", "es")])


def concluded_options(reader: OptionReader, question: str, findings: Sequence[str]) -> frozenset[int]:
    """The options that the text's last conclusion states; without one, what all its statements agree on.

    question, findings: of the case; they say what a yes/no question is about.
    """
    options = reader.options
    read = _yes_or_no if options.yes_no else _options_stated
    places = (
        _subject_search(subjects(question, findings)).find(reader.lower) if options.yes_no else reader.phrase_places
    )
    stated: list[tuple[int, int, frozenset[int]]] = []
    for a, b in reader.sentences:
        inside = places[bisect_left(places, (a,)) : bisect_left(places, (b,))]
        here = [(start - a, end - a, word) for start, end, word in inside if end <= b]
        if not here or not _is_own(reader, a, b):
            continue
        sentence = reader.lower[a:b]
        options_here = read(sentence, here, options)
        if options_here:
            stated.append((a, b, options_here))
    final = [chosen for a, b, chosen in stated if reader.has_cue(CONCLUDES, a, b)]
    if final:
        return final[-1]
    if len(reader.sentences) > 4:
        stated = [(a, b, chosen) for a, b, chosen in stated if _HERE.search(reader.lower[a:b])]
    return frozenset(index for *_, chosen in stated for index in chosen)


def _is_own(reader: OptionReader, start: int, end: int) -> bool:
    """Is this sentence the model's own, unhedged statement?"""
    sentence = reader.text[start:end].strip()
    if sentence.startswith('"') or sentence.rstrip("\"')").endswith("?"):
        return False
    return not any(reader.has_cue(cue, start, end) for cue in (CONDITION, _HEDGED, _NOT_OWN))


def _yes_or_no(sentence: str, places: list[PhrasePlace], options: OptionSet) -> frozenset[int]:
    """Yes or No: does the sentence say that the finding it names is there?"""
    denied = [_denied(sentence, start, end) for start, end, _ in places]
    if all(denied):
        return frozenset([options.meanings["no"]])
    affirmed = any(not no and _affirmed(sentence, *place[:2]) for no, place in zip(denied, places, strict=True))
    return frozenset([options.meanings["yes"]] if affirmed else [])


def _options_stated(sentence: str, places: list[PhrasePlace], options: OptionSet) -> frozenset[int]:
    """The options that the sentence names and does not deny."""
    return frozenset(
        options.names[word]
        for start, end, word in places
        if _fits(sentence, start, end, MEANING.get(word), options) and not _denied(sentence, start, end)
    )


def _fits(sentence: str, start: int, end: int, meaning: str | None, options: OptionSet) -> bool:
    """Do the words at start:end stand where an answer would: "normal" of the image, a finding as a phrase?"""
    if "-" in (sentence[start - 1 : start], sentence[end : end + 1]):
        return False
    if meaning not in options.meanings:
        return bool(_BEFORE.search(sentence, max(start - _NEAR, 0), start) and ends_clause(sentence, end))
    if meaning in {"normal", "abnormal"}:
        return bool(_SUBJECT_FIRST.search(sentence, max(start - _REACH, 0), start))
    return True


def _denied(sentence: str, start: int, end: int) -> bool:
    before = sentence[max(start - _REACH, 0) : start]
    ends = [match.end() for match in _SCOPE_ENDS.finditer(before)]
    negated = NEGATES.search(before, ends[-1] if ends else 0)
    return negated is not None or _DENIED_AFTER.match(sentence, end) is not None


def _affirmed(sentence: str, start: int, end: int) -> bool:
    before = sentence[max(start - _REACH, 0) : start]
    return bool(_AFFIRMED_BEFORE.search(before) or _AFFIRMED_AFTER.match(sentence, end))
