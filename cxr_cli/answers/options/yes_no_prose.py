"""Yes or No, as prose says it: "I see no sign of it.", "The chest X-ray does not show pneumonia."."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from cxr_cli.answers.options.names import PhraseSearch
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.answers.wording.synonyms import MEANING, WORD_LISTS, yes_or_no_meant
from cxr_cli.findings import Finding
from cxr_cli.findings import reader as findings_reader
from cxr_cli.findings.lexicon.word_lists import either
from cxr_cli.findings.sections.text_cache import cached_by_text

_GENERIC_WORDS = frozenset(WORD_LISTS["question"]["generic"])
_AFFIRMED = {name: either(words) for name, words in WORD_LISTS["affirmed"].items()}
_AFFIRMS_BEFORE = re.compile(
    rf"\b{_AFFIRMED['before']}\b(?:[\s,\"'*-]+(?!{_AFFIRMED['not_between']}\b)[\w-]+){{0,8}}[\s,\"'*-]*$",
)
_AFFIRMS_AFTER = re.compile(
    r"\W*(?:(?:is|are|was|appears?|seems?)\W+(?:to be\W+)?(?:\w+ly\W+)?)?"
    rf"{_AFFIRMED['behind']}\b|\s*[:=]\s*(?:present|yes|positive)\b",
)
_CLAUSE_REACH = 200  # characters
_YES_NO_WORD = re.compile(r"\W*+(?:yes|no)\b(?=[,.:;!–—-])\W*", re.I)
_SHORT_REPLY = 3  # sentences
_NO_ATTRIBUTES = (None, None, None, None)  # no side, zone, severity or change
_VERB_FIRST = re.compile(r"\W*+(?:is|are|was|were|does|do|did|has|have|can|could)\b", re.I)


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
    for name in map(engine.lexicon.find, (text.strip(" .?"), *subjects(text))):
        if name:
            return frozenset([name])
    statements = engine.statements(text)
    return frozenset(finding.name for s in statements for finding in (*s.findings, *s.topic))


def asked_findings(question: str, findings: Sequence[str]) -> frozenset[str]:
    """What is asked about: the findings of the case that the lexicon knows, else those of its question."""
    find = findings_reader().lexicon.find
    return frozenset(name for text in findings if (name := find(text))) or question_findings(question)


@cached_by_text(4096)
def denied_findings(question: str) -> frozenset[str]:
    """The findings that a Yes to this question denies, "Are the lungs clear?"; none where it asserts them."""
    verb = _VERB_FIRST.match(question)
    findings = findings_reader().read(question[verb.end() :].strip(" ?.")) if verb else []
    return frozenset(f.name for f in findings) if {f.status for f in findings} == {"absent"} else frozenset()


class YesOrNo:
    """Does a sentence say that what the question asks is there, or, where it asks whether all is well, that it is?"""

    def __init__(self, reader: OptionReader, question: str, findings: Sequence[str]) -> None:
        self.reader, self.engine = reader, findings_reader()
        denied = denied_findings(question)
        self.names = denied or asked_findings(question, findings)
        # "Is there a new effusion?" asks for more than the finding
        self.bare = bool(denied) or any(self.engine.lexicon.find(run) in self.names for run in subjects(question))
        self.narrower = frozenset(n for name in self.names for n in self.engine.lexicon.narrower(name))
        meanings = reader.options.meanings
        self.present, self.absent = (meanings[word] for word in (("no", "yes") if denied else ("yes", "no")))
        self.alone = len(reader.sentences) == 1  # "I see no evidence of it."
        search = _subject_search(subjects(question, findings))
        self.places = [] if self.names else search.find(reader.lower)
        self.readings = (self.options_in, self.denied_broadly)

    def options_in(self, start: int, end: int) -> frozenset[int]:
        """Yes, No or neither."""
        meaning = yes_or_no_meant(self.reader.text[start:end])
        if meaning and self._is_asked_before(start):
            return frozenset([self.reader.options.meanings[meaning]])
        if self.names:
            sentence = self.reader.lower[start:end]
            findings = [f for f in self._findings(start, end) if f.name in self.narrower]
            if not self.alone:
                findings = [f for f in findings if f.status != "present" or _is_affirmed(sentence, f.start, f.end)]
            statuses = {f.status for f in findings if f.status != "absent" or f.name in self.names}
        else:
            inside = self.places[bisect_left(self.places, (start,)) : bisect_left(self.places, (end,))]
            statuses = {
                status for a, b, _ in inside if b <= end and (status := self.reader.status_in_place(a, b, start, end))
            }
        if "present" in statuses:
            return frozenset([self.present])
        return frozenset([self.absent] if statuses == {"absent"} else [])

    def denied_broadly(self, start: int, end: int) -> frozenset[int]:
        """What a short reply that denies all findings of a kind, "No acute abnormality.", says of one of them."""
        if not self.names or len(self.reader.sentences) > _SHORT_REPLY:
            return frozenset()
        lexicon, findings = self.engine.lexicon, self._findings(start, end)
        denied = any(
            f.status == "absent" and not (f.side or f.zone) and self.names <= lexicon.narrower(f.name) for f in findings
        )
        ailments = lexicon.narrower("abnormality") - lexicon.narrower("support device")
        whole_film = MEANING.get(plain(self.reader.text)) == "normal" and self.names <= ailments
        if not (denied or whole_film) or any(f.status != "absent" for f in self.engine.read(self.reader.text)):
            return frozenset()
        return frozenset([self.absent])

    def contradicts(self, option: int) -> bool:
        """Do the first two sentences say the opposite of this option: "Yes, no effusion is seen."?"""
        statuses: set[str] = set()
        for start, end in self.reader.sentences[:2]:
            word = _YES_NO_WORD.match(self.reader.text, start, end)
            findings = self.engine.read(self.reader.text[word.end() if word else start : end])
            statuses |= {f.status for f in findings if f.name in self.names and f[2:6] == _NO_ATTRIBUTES}
        return self.bare and ("absent" if option == self.present else "present") in statuses

    def _findings(self, start: int, end: int) -> Sequence[Finding]:
        """What the sentence states, with places in it; of what, the sentence before may say, or the question:
        "I was asked for a nodule. I see none.", "I see one, on the right." """
        text = self.reader.text[start:end]
        findings = self.engine.read(text)
        if not findings and len(self.names) == 1:
            before = bisect_left(self.reader.sentences, (start,)) - 1
            short = before >= 0 and len(self.reader.sentences) <= _SHORT_REPLY
            lead = self.reader.text[self.reader.sentences[before][0] : start] if short else ""
            lead = f"{next(iter(self.names))}? " if self.alone else lead
            findings = [
                f._replace(start=f.start - len(lead), end=f.end - len(lead))
                for f in (self.engine.read(lead + text) if lead else [])
                if f.start >= len(lead) - 1
            ]
        return findings

    def _is_asked_before(self, start: int) -> bool:
        """ "Is it a nodule? I don't think so." """
        before = bisect_left(self.reader.sentences, (start,)) - 1
        question = self.reader.text[slice(*self.reader.sentences[before])].strip() if before >= 0 else ""
        return question.endswith("?") and self.names <= question_findings(question)


def _is_affirmed(sentence: str, start: int, end: int) -> bool:
    before = sentence[max(start - _CLAUSE_REACH, 0) : start]
    return bool(_AFFIRMS_BEFORE.search(before) or _AFFIRMS_AFTER.match(sentence, end))
