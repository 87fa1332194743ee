"""Options that are findings, and which of them a sentence states: "The heart is enlarged." is the option Cardiomegaly.

The engine reads the option as it reads the sentence: name, status, side, zone, severity and change must fit.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.answers.wording.synonyms import MEANING
from cxr_cli.findings import Finding
from cxr_cli.findings import reader as findings_reader
from cxr_cli.findings.agreement import COURSE, COURSE_WORDS

_WHOLE_FILM = {"normal": Finding("abnormality", "absent"), "abnormal": Finding("abnormality", "present")}
_PLACE_AND_SIZE = ("side", "zone", "severity")
_WORD_OF_COURSE = {course: word for word, course in COURSE_WORDS.items()}


@lru_cache(maxsize=1024)
def option_findings(texts: tuple[str, ...]) -> dict[int, Finding]:
    """The options that are one finding each, by index: "Left pleural effusion", "No edema", "Normal"."""
    read = findings_reader().read
    by_index = {}
    for index, text in enumerate(texts):
        findings = [f for f in read(text) if f.status in ("present", "absent")]
        if whole := _WHOLE_FILM.get(MEANING.get(plain(text), "")):
            by_index[index] = whole
        elif len(findings) == 1:
            by_index[index] = findings[0]
    return by_index


def stated_options(texts: tuple[str, ...], findings: Iterable[Finding], sentence: str) -> frozenset[int]:
    """The options that these findings of a sentence state; of a finding that fits several, the narrowest."""
    lexicon = findings_reader().lexicon
    options = option_findings(texts)
    indexes: set[int] = set()
    for finding in findings:
        fitting = [i for i, option in options.items() if _fits(finding, option, sentence, texts[i])]
        indexes.update(
            i
            for i in fitting
            if not any(
                options[other].name in lexicon.narrower(options[i].name) - {options[i].name} for other in fitting
            )
        )
    return frozenset(indexes)


def _fits(finding: Finding, option: Finding, sentence: str, text: str) -> bool:
    """Does a finding of the sentence state the option of this text?"""
    lexicon = findings_reader().lexicon
    names = lexicon.narrower(option.name) if option.status == "present" else lexicon.broader(option.name)
    if finding.status != option.status or finding.name not in names:
        return False
    if any(getattr(option, which) not in (None, getattr(finding, which)) for which in _PLACE_AND_SIZE):
        return False
    if option.status == "absent" and any(getattr(finding, which) for which in _PLACE_AND_SIZE):
        return False
    return _of_one_bone(sentence, text)


def _of_one_bone(sentence: str, text: str) -> bool:
    """No clavicle of the sentence for the option "Rib fracture": the lexicon calls both bones."""
    option_bones = _bones(text)
    return not option_bones or not (bones := _bones(sentence)) or not bones.isdisjoint(option_bones)


def _bones(text: str) -> set[str]:
    phrases = findings_reader().phrases
    return {word for word in plain(text).split() if ("anatomy", "bones") in {token[:2] for token in phrases(word)}}


def stated_courses(meanings: dict[str, int], findings: Sequence[Finding], names: frozenset[str]) -> frozenset[int]:
    """The options improving, stable and worsening that these findings state of what is asked: "The edema has cleared."

    meanings: the options that mean these words. names: what is asked about; empty for anything.
    """
    courses = {COURSE[f.change] for f in findings if f.change and (f.name in names or not names)}
    return frozenset(meanings[word] for word in map(_WORD_OF_COURSE.get, courses) if word in meanings)
