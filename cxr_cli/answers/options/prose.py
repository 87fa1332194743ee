"""What prose without an explicit answer concludes: "The chest X-ray does not show pneumonia." is a No.

The engine of findings reads it, negations and doubts included: of what a question asks that is no finding, and of an
option that is none, it reads the sentence with a finding in its place. Only the model's own statements count: no
questions, conditions, reported speech or textbook knowledge.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from cxr_cli.answers.options.letters import ends_clause
from cxr_cli.answers.options.names import OptionSet, option_set
from cxr_cli.answers.options.option_findings import stated_courses, stated_options
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.options.short import short_answer
from cxr_cli.answers.options.yes_no_prose import YesOrNo, asked_findings
from cxr_cli.answers.wording.cues import CONDITION, IN_CONCLUSION, Cue
from cxr_cli.answers.wording.synonyms import MEANING
from cxr_cli.findings import reader as findings_reader
from cxr_cli.findings.agreement import COURSE_WORDS

_NOT_OF_MODEL = Cue(
    *(
        rf"{who}s?(?<!not a {who})"  # "I'm not a doctor, but .."
        for who in ("radiologist", "physician", "doctor", "clinician", "technologist", "radiographer", "examiner")
    ),
    *("hes?", "shes?", "should", "look(?:ing)? for", "check(?:ing)?", "need(?:s|ed)? to", "let's", "let us"),
    *("to (?:determine|assess|evaluate)", "typically", "usually", "often", "commonly?", "generally"),
    r"can(?!'t|not| not| conclude| see| be (?:no doubt|seen|excluded|ruled|identified|confirmed|concluded|made out"
    r"|noted|observed|appreciated|detected|discerned|demonstrated|visuali[sz]ed|recogni[sz]ed))",
    *("characteri[sz]ed by", "refers to", "occurs", "in general", "characteristic", "hallmark", "whether"),
    *("two options", "defined as", "key to option", "may or may not"),
)
_DEFINES = re.compile(
    r"\W*+(?!(?:there|it|this|that|the|here)\b)(?:an? )?[\w -]{3,40}? (?:is|are|means) (?:an? |the )?(?:\w+ ){0,2}?"
    r"(?:fluid|air|tissue|inflammation|infection|enlargement|collection|accumulation|presence|build-?up|condition)\b"
)
_HERE = re.compile(
    r"\b(?:this|the|provided|given|above) (?:\w+ )?(?:x-?ray|cxr|radiograph|image|film|case|study|scan)\b"
    r"|\b(?:there (?:is|are)|this is|i (?:see|find))\b|\bthese (?:findings|appearances|features)\b|^\W*no\b",
)
_SUBJECT_FIRST = re.compile(
    r"\b(?:x-?ray|radiograph|image|film|study|scan|exam\w*|cxr|chest|findings?|it|this)\b[^.,;]{0,40}$"
)
_PHRASE_BEFORE = re.compile(
    r"(?:^\W*|[,:;\"'(]\s*|\b(?:is|are|as|with|of|shows?|showing|demonstrates?|reveals?|includes?|suggests?|suggesting"
    r"|indicates?|indicating|be|has|and|or|also|an?|the)\s+)\Z"
)
_SUBJECT_REACH, _NEAR = 200, 20  # characters
_NORMAL_OR_NOT = ("Normal", "Abnormal")
_OPPOSITE = {"normal": "abnormal", "abnormal": "normal"}


def concluded_options(reader: OptionReader, question: str, findings: Sequence[str]) -> frozenset[int]:
    """The options that the text's last conclusion states; without one, what all its statements agree on.

    question, findings: of the case; they say what is asked about.
    """
    prose = (YesOrNo if reader.options.yes_no else Options)(reader, question, findings)
    for reading in prose.readings:
        if indexes := _concluded(reader, reading):
            return indexes
    if isinstance(prose, YesOrNo) and prose.names == {"abnormality"}:  # "The film is not normal."
        words = OptionReader(reader.text, option_set(_NORMAL_OR_NOT))
        film = short_answer(words, several=False) or concluded_options(words, question, findings)
        return frozenset((prose.absent, prose.present)[index] for index in film)
    return frozenset()


def _concluded(reader: OptionReader, options_in: Callable[[int, int], frozenset[int]]) -> frozenset[int]:
    statements: list[tuple[int, int, frozenset[int]]] = []
    for a, b in reader.sentences:
        if _is_of_model(reader, a, b) and (indexes := options_in(a, b)):
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


class Options:
    """Which options does a sentence state?"""

    def __init__(self, reader: OptionReader, question: str, findings: Sequence[str]) -> None:
        self.reader, self.options, self.engine = reader, reader.options, findings_reader()
        self.topic = asked_findings(question, findings)
        self.readings = (self.options_in,)

    def options_in(self, start: int, end: int) -> frozenset[int]:
        """By their texts, and by what the findings in it say."""
        return self._by_findings(start, end).union(self._by_text(start, end))

    def _by_text(self, start: int, end: int) -> Iterator[int]:
        places = self.reader.phrase_places
        sentence, meanings = self.reader.lower[start:end], self.options.meanings
        for a, b, word in places[bisect_left(places, (start,)) : bisect_left(places, (end,))]:
            meaning = MEANING.get(word)
            if b > end or not _fits(sentence, a - start, b - start, meaning, self.options):
                continue
            status = self.reader.status_in_place(a, b, start, end)
            opposite = _OPPOSITE.get(meaning or "")
            if status == "present":
                yield self.options.names[word]
            elif status == "absent" and opposite in meanings and ends_clause(sentence, b - start):
                yield meanings[opposite]  # "It isn't normal."

    def _by_findings(self, start: int, end: int) -> frozenset[int]:
        text = self.reader.text[start:end]
        findings = [f for statement in self.engine.statements(text) for f in statement.findings]
        if not self.options.meanings.keys().isdisjoint(COURSE_WORDS):
            if not findings and len(self.reader.sentences) == 1 and len(self.topic) == 1:  # "Smaller than before."
                findings = self.engine.read(f"{next(iter(self.topic))}: {text}")
            return stated_courses(self.options.meanings, findings, self.topic)
        return stated_options(self.options.texts, findings, text)


def _fits(sentence: str, start: int, end: int, meaning: str | None, options: OptionSet) -> bool:
    """Do the words at start:end stand where an answer would: "normal" of the image, a finding as a phrase?"""
    if "-" in (sentence[start - 1 : start], sentence[end : end + 1]):
        return False
    if meaning not in options.meanings:
        return bool(_PHRASE_BEFORE.search(sentence, max(start - _NEAR, 0), start) and ends_clause(sentence, end))
    if meaning in {"normal", "abnormal"}:
        return bool(_SUBJECT_FIRST.search(sentence, max(start - _SUBJECT_REACH, 0), start))
    return True
