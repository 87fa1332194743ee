"""What prose without an explicit answer concludes: "The chest X-ray does not show pneumonia." is a No.

The engine of findings reads it, negations and doubts included: of what a question asks that is no finding, and of an
option that is none, it reads the sentence with a finding in its place. Only the model's own statements count: no
questions, conditions, reported speech or textbook knowledge.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from cxr_cli.answers.options.letters import ends_clause
from cxr_cli.answers.options.names import OptionSet, PhraseSearch
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.answers.wording.cues import CONDITION, IN_CONCLUSION, Cue
from cxr_cli.answers.wording.synonyms import MEANING, WORD_LISTS
from cxr_cli.findings import Finding
from cxr_cli.findings import reader as findings_reader
from cxr_cli.findings.lexicon.word_lists import either
from cxr_cli.findings.sections.text_cache import cached_by_text

_GENERIC_WORDS = frozenset(WORD_LISTS["question"]["generic"])
_NOT_OF_MODEL = Cue(
    *("radiologists?", "physicians?", "doctors?", "clinicians?", "technologists?", "radiographers?", "examiners?"),
    *("hes?", "shes?", "should", "look(?:ing)? for", "check(?:ing)?", "need(?:s|ed)? to", "let's", "let us"),
    *("to (?:determine|assess|evaluate)", "typically", "usually", "often", "commonly?", "generally"),
    r"can(?!'t|not| not| conclude| see| be (?:seen|excluded|ruled|identified|confirmed|concluded|made out|noted"
    r"|observed|appreciated|detected|discerned|demonstrated|visuali[sz]ed|recogni[sz]ed))",
    *("characteri[sz]ed by", "refers to", "occurs", "in general", "characteristic", "hallmark", "whether"),
    *("two options", "defined as", "key to option", "may or may not"),
)
_DEFINES = re.compile(
    r"\W*(?!(?:there|it|this|that|the|here)\b)(?:an? )?[\w -]{3,40}? (?:is|are|means) (?:an? |the )?(?:\w+ ){0,2}?"
    r"(?:fluid|air|tissue|inflammation|infection|enlargement|collection|accumulation|presence|build-?up|condition)\b"
)
_AFFIRMED = {name: either(words) for name, words in WORD_LISTS["affirmed"].items()}
_AFFIRMS_BEFORE = re.compile(
    rf"\b{_AFFIRMED['before']}\b(?:[\s,\"'*-]+(?!{_AFFIRMED['not_between']}\b)[\w-]+){{0,8}}[\s,\"'*-]*$",
)
_AFFIRMS_AFTER = re.compile(
    r"\W*(?:(?:is|are|was|appears?|seems?)\W+(?:to be\W+)?(?:\w+ly\W+)?)?"
    rf"{_AFFIRMED['behind']}\b|\s*[:=]\s*(?:present|yes|positive)\b",
)
_HERE = re.compile(
    r"\b(?:this|the|provided|given|above) (?:\w+ )?(?:x-?ray|cxr|radiograph|image|film|case|study|scan)\b"
    r"|\b(?:there (?:is|are)|this is|i (?:see|find))\b|^\W*no\b",
)
_SUBJECT_FIRST = re.compile(
    r"\b(?:x-?ray|radiograph|image|film|study|scan|exam\w*|cxr|chest|findings?|it|this)\b[^.,;]{0,40}$"
)
_PHRASE_BEFORE = re.compile(
    r"(?:^\W*|[,:;\"'(]\s*|\b(?:is|are|as|with|of|shows?|showing|demonstrates?|reveals?|includes?|suggests?|suggesting"
    r"|indicates?|indicating|be|has|and|or|also|an?|the)\s+)\Z"
)
_CLAUSE_REACH, _NEAR, _FAR = 200, 20, 600  # characters
_STAND_IN_FINDING = "pneumothorax"  # read in the place of words that are no finding


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


@cached_by_text(4096)
def question_findings(text: str) -> frozenset[str]:
    """The findings of the lexicon that a question asks about, or that an option names."""
    engine = findings_reader()
    if name := engine.lexicon.find(text.strip(" .?")):
        return frozenset([name])
    statements = engine.statements(text)
    return frozenset(finding.name for s in statements for finding in (*s.findings, *s.topic))


def concluded_options(reader: OptionReader, question: str, findings: Sequence[str]) -> frozenset[int]:
    """The options that the text's last conclusion states; without one, what all its statements agree on.

    question, findings: of the case; they say what a yes/no question is about.
    """
    sentences = _YesOrNo(reader, question, findings) if reader.options.yes_no else _Options(reader)
    statements: list[tuple[int, int, frozenset[int]]] = []
    for a, b in reader.sentences:
        if _is_of_model(reader, a, b) and (indexes := sentences.options_in(a, b)):
            statements.append((a, b, indexes))
    final = [indexes for a, b, indexes in statements if reader.has_cue(IN_CONCLUSION, a, b)]
    if final:
        return final[-1]
    if len(reader.sentences) > 4:
        statements = [(a, b, indexes) for a, b, indexes in statements if _HERE.search(reader.lower[a:b])]
    return frozenset(index for *_, indexes in statements for index in indexes)


def _is_of_model(reader: OptionReader, start: int, end: int) -> bool:
    """Is this sentence the model's own statement?"""
    sentence = reader.text[start:end].strip()
    if sentence.startswith('"') or sentence.rstrip("\"')").endswith("?") or _DEFINES.match(sentence.lower()):
        return False
    return not any(reader.has_cue(cue, start, end) for cue in (CONDITION, _NOT_OF_MODEL))


class _YesOrNo:
    """Does a sentence say that what the question asks is there?"""

    def __init__(self, reader: OptionReader, question: str, findings: Sequence[str]) -> None:
        self.reader, self.engine = reader, findings_reader()
        names = {name for text in findings if (name := self.engine.lexicon.find(text))}
        self.names = frozenset(names) or question_findings(question)
        self.narrower = frozenset(n for name in self.names for n in self.engine.lexicon.narrower(name))
        alone = len(reader.sentences) == 1  # "I see no evidence of it."
        self.topic = [Finding(name, "asked") for name in self.names] if alone else []
        search = _subject_search(subjects(question, findings))
        self.places = [] if self.names else search.find(reader.lower)

    def options_in(self, start: int, end: int) -> frozenset[int]:
        """Yes, No or neither."""
        if self.names:
            sentence = self.reader.lower[start:end]
            statements = self.engine.statements(self.reader.text[start:end], self.topic)
            findings = [f for statement in statements for f in statement.findings if f.name in self.narrower]
            if len(self.reader.sentences) > 1:
                findings = [f for f in findings if f.status != "present" or _is_affirmed(sentence, f.start, f.end)]
            statuses = {f.status for f in findings if f.status != "absent" or f.name in self.names}
        else:
            inside = self.places[bisect_left(self.places, (start,)) : bisect_left(self.places, (end,))]
            statuses = {
                status for a, b, _ in inside if b <= end and (status := stand_in_status(self.reader, a, b, start, end))
            }
        meanings = self.reader.options.meanings
        if "present" in statuses:
            return frozenset([meanings["yes"]])
        return frozenset([meanings["no"]] if statuses == {"absent"} else [])


def _is_affirmed(sentence: str, start: int, end: int) -> bool:
    before = sentence[max(start - _CLAUSE_REACH, 0) : start]
    return bool(_AFFIRMS_BEFORE.search(before) or _AFFIRMS_AFTER.match(sentence, end))


class _Options:
    """Which options does a sentence state?"""

    def __init__(self, reader: OptionReader) -> None:
        self.reader, self.options = reader, reader.options

    def options_in(self, start: int, end: int) -> frozenset[int]:
        places = self.reader.phrase_places
        inside = places[bisect_left(places, (start,)) : bisect_left(places, (end,))]
        sentence = self.reader.lower[start:end]
        return frozenset(
            self.options.names[word]
            for a, b, word in inside
            if b <= end
            and _fits(sentence, a - start, b - start, MEANING.get(word), self.options)
            and stand_in_status(self.reader, a, b, start, end) == "present"
        )


def stand_in_status(reader: OptionReader, a: int, b: int, start: int, end: int) -> str | None:
    """The status of text[a:b] in the sentence text[start:end]: that of a finding in its place.

    Of a sentence that never ends the words near by are read, so that many such places cost no more than their number.
    """
    before = reader.text[max(start, a - _FAR) : a]
    findings = findings_reader().read(before + _STAND_IN_FINDING + reader.text[b : min(end, b + _FAR)])
    return next((f.status for f in findings if f.start <= len(before) < f.end), None)


def _fits(sentence: str, start: int, end: int, meaning: str | None, options: OptionSet) -> bool:
    """Do the words at start:end stand where an answer would: "normal" of the image, a finding as a phrase?"""
    if "-" in (sentence[start - 1 : start], sentence[end : end + 1]):
        return False
    if meaning not in options.meanings:
        return bool(_PHRASE_BEFORE.search(sentence, max(start - _NEAR, 0), start) and ends_clause(sentence, end))
    if meaning in {"normal", "abnormal"}:
        return bool(_SUBJECT_FIRST.search(sentence, max(start - _CLAUSE_REACH, 0), start))
    return True
