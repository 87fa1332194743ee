"""What prose without an explicit answer concludes: "The chest X-ray does not show pneumonia." is a No.

Only the model's own, unhedged statements count: no questions, conditions, reported speech or textbook knowledge.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from cxr_cli.scoring.mentions import Options
from cxr_cli.scoring.wording import CONCLUDES, CONDITION, MEANING, NEGATES, plain

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
_HEDGED = re.compile(
    r"\b(?:could|may|might|possib\w+|potential\w*|cannot|can't|questionable|concern\w*|suspicious|suspicion|suspect\w*"
    r"|differential|versus|vs|whether|unclear|uncertain\w*|consider(?:ed|ation)?|requir\w+|mimic\w*|insufficient"
    r"|not (?:\w+ ){0,2}(?:rule|exclude)|definitive diagnosis|same as)\b",
    re.I,
)
_NOT_OWN = re.compile(
    r"\b(?:radiologist|physician|doctor|clinician|technologist|radiographer|examiner|he|she)s?\b"
    r"|\b(?:should|look(?:ing)? for|check(?:ing)?|need(?:s|ed)? to|let's|let us|to (?:determine|assess|evaluate))\b"
    r"|\b(?:typically|usually|often|commonly?|generally|can|characteri[sz]ed by|refers to|occurs|in general)\b",
    re.I,
)
_AFFIRMED_BEFORE = re.compile(
    r"\b(?:shows?|showed|showing|demonstrat(?:es?|ed|ing)|reveal(?:s|ed|ing)?|indicat(?:es?|ed|ing|ive)|consistent"
    r"|compatible|suggest(?:s|ed|ing|ive)?|supports?|supporting|there(?:'s| is| are| was| appears| seems)"
    r"|confirm(?:s|ed|ing)?|diagnos(?:is|ed)|has|have|identif(?:y|ies|ied)|detect(?:s|ed)|this is|it is|it's|points? to"
    r"|represents?|in keeping|answer(?: is|:))\b(?:[\s,\"'*-]+(?!(?:which|that|between|in|on|for|from|than|types?"
    r"|kinds?|causes?|characteristic|hallmark|techniques?|ways?|mimic\w*)\b)[\w-]+){0,8}[\s,\"'*-]*$",
    re.I,
)
_AFFIRMED_AFTER = re.compile(
    r"\W*(?:(?:is|are|was|appears?|seems?)\W+(?:to be\W+)?(?:\w+ly\W+)?)?(?:present|seen|visible|visualized|identified"
    r"|noted|evident|confirmed|detected|shown|likely|demonstrated)\b|\s*[:=]\s*(?:present|yes|positive)\b",
    re.I,
)
_HERE = re.compile(
    r"\b(?:this|the|provided|given|above) (?:\w+ )?(?:x-?ray|cxr|radiograph|image|film|case|study|scan)\b"
    r"|\b(?:there (?:is|are)|this is|i (?:see|find))\b|^\W*no\b",
    re.I,
)
_SUBJECT_FIRST = re.compile(
    r"\b(?:x-?ray|radiograph|image|film|study|scan|exam\w*|cxr|chest|findings?|it|this)\b[^.,;]{0,40}$", re.I
)
_SCOPE_ENDS = re.compile(
    r"(?<!that )(?<!which )\b(?:suggests|indicates|confirms|shows|demonstrates|reveals|is|are)\b"
    r"|,\s*(?:\w+ing|which|consistent|compatible|indicative|suggestive)\b|\b(?:but|however|although|because|while)\b|;",
    re.I,
)
_DENIED_AFTER = re.compile(
    r"\W*(?:\w+\W+){0,3}?(?:(?:is|are|was|were|be|been|appears?|seems?)(?:n't|\W+not\b)(?!\W+(?:obvious|clear|certain|typical|specific))"
    r"|(?:is|are|be|been|appears?|seems?)\W+(?:\w+ly\s+)?(?:absent|unlikely|excluded|ruled out|eliminated))"
    r"|\s*[:=]\s*(?:absent|no|none|negative)\b",
    re.I,
)

_REACH = 200


def subjects(question: str, findings: Sequence[str] = ()) -> tuple[str, ...]:
    """What a yes/no question asks after: the one run of its words that is not generic, and the named findings."""
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[^\W_]+", question.casefold()):
        if word in {"a", "an", "the"}:
            continue
        if word in _GENERIC_WORDS:
            runs.append([])
        else:
            runs[-1].append(word)
    runs = [run for run in runs if run]
    asked = [" ".join(runs[0])] if len(runs) == 1 else []
    return tuple(dict.fromkeys([*asked, *map(plain, findings)]))


@lru_cache(maxsize=4096)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    named = "|".join(r"[\W_]+".join(map(re.escape, name.split())) for name in names if name)
    return re.compile(rf"(?<!\w)(?:{named or '(?!)'})(?:s|es)?(?!\w)", re.I)


def states(sentence: str, names: tuple[str, ...]) -> bool | None:
    """Whether a sentence says that what `names` names is there: True, False, or None when it does not say."""
    found = list(_pattern(names).finditer(sentence))
    if not found or not is_own(sentence):
        return None
    if all(_denied(sentence, match.start(), match.end()) for match in found):
        return False
    return True if any(_affirmed(sentence, match.start(), match.end()) for match in found) else None


def is_own(sentence: str) -> bool:
    """The model's own, unhedged statement."""
    text = sentence.strip()
    if text.startswith('"') or text.rstrip("\"')").endswith("?"):
        return False
    return not (CONDITION.search(text) or _HEDGED.search(text) or _NOT_OWN.search(text))


def _denied(sentence: str, start: int, end: int) -> bool:
    before = sentence[max(start - _REACH, 0) : start]
    ends = [match.end() for match in _SCOPE_ENDS.finditer(before)]
    negated = NEGATES.search(before, ends[-1] if ends else 0)
    return negated is not None or _DENIED_AFTER.match(sentence, end) is not None


def _affirmed(sentence: str, start: int, end: int) -> bool:
    if _denied(sentence, start, end):
        return False
    before = sentence[max(start - _REACH, 0) : start]
    return bool(_AFFIRMED_BEFORE.search(before) or _AFFIRMED_AFTER.match(sentence, end))


def concluded(text: str, sentences: list[tuple[int, int]], options: Options, names: tuple[str, ...]) -> set[int]:
    """The options that the text's last conclusion states; without one, what all its statements agree on."""
    stated: list[tuple[str, set[int]]] = []
    for a, b in sentences:
        said = _stated(text[a:b], options, names)
        if said:
            stated.append((text[a:b], said))
    final = [said for sentence, said in stated if CONCLUDES.search(sentence)]
    if final:
        return final[-1]
    if len(sentences) > 4:
        stated = [(sentence, said) for sentence, said in stated if _HERE.search(sentence)]
    return set().union(*(said for _, said in stated))


def _stated(sentence: str, options: Options, names: tuple[str, ...]) -> set[int]:
    if options.meanings.keys() >= {"yes", "no"}:
        there = states(sentence, names)
        return set() if there is None else {options.meanings["yes" if there else "no"]}
    if not is_own(sentence):
        return set()
    found = set()
    for match in [*options.named.finditer(sentence), *options.bounded.finditer(sentence)]:
        (start, end), word = match.span("text"), plain(match["text"])
        meaning = MEANING.get(word)
        if meaning in options.meanings:
            fits = meaning not in {"normal", "abnormal"} or bool(_SUBJECT_FIRST.search(sentence[:start]))
        else:
            fits = match.re is options.bounded
        if fits and not _denied(sentence, start, end):
            found.add(options.words[word])
    return found
