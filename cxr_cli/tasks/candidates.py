"""Questions with their answers, and the findings of a study that they may be about. All are texts: letters are added
when a model is asked."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal, NamedTuple

from cxr_cli.findings.phrasing import Phrasing
from cxr_cli.findings.study import StudyFindings
from cxr_cli.records import Status
from cxr_cli.rows.rng import Rng

Uncertain = Literal["skip", "yes", "no"]

HARMLESS = ("support device", "surgical material", "breast surgery", "nipple shadow", "fat pad")
"""A film that shows nothing but these is neither called normal nor abnormal."""


class Question(NamedTuple):
    """One question about a study.

    task: as the row names it. key: a study's id and this make a case's id. findings: what the question is about: for
    single and multiple one for each option, in their order; without options and for anomaly what is present.
    """

    task: str
    key: str
    text: str
    options: list[str]
    answer: str | list[str]
    findings: list[str]


class QuestionWriter:
    """What all questions of a run share: the findings that they may be about, and how these are called.

    names: those findings. every: binary asks about each of them, not about a few. uncertain: the answer to "Is there
    X?" when X is uncertain.
    """

    def __init__(
        self, phrasing: Phrasing, names: Iterable[str], *, every: bool = False, uncertain: Uncertain = "skip"
    ) -> None:
        self.phrasing, self.names, self.every = phrasing, list(names), every
        self.name_set = frozenset(self.names)
        self.harmless = frozenset[str]().union(*map(phrasing.lexicon.narrower, HARMLESS))
        doubt = {"yes": "Yes", "no": "No"}.get(uncertain)
        self._answers: dict[Status, str | None] = {"present": "Yes", "absent": "No", "uncertain": doubt}

    @property
    def asks_in_doubt(self) -> bool:
        """Is there an answer to "Is there X?" when X is uncertain?"""
        return self._answers["uncertain"] is not None

    def yes_or_no(self, study: StudyFindings, name: str) -> str | None:
        """Is there this finding? "Yes", "No", or None when the study does not say."""
        return self._answers[status] if (status := study.status(name)) else None

    def options(self, names: Iterable[str]) -> list[str]:
        """["Pleural effusion", ..]."""
        return [self.phrasing.option(name) for name in names]


class Candidates:
    """The findings of one study that questions may be about.

    key: seed and id, "0/s1"; with a task's name it seeds the draws of that task.
    """

    def __init__(self, study: StudyFindings, writer: QuestionWriter, key: str) -> None:
        self.study, self.writer, self._key = study, writer, key

    def rng(self, task: str) -> Rng:
        """The random numbers of one task, which no other task's questions change."""
        return Rng(f"{self._key}/{task}")

    @cached_property
    def all_present(self) -> list[str]:
        """What is present beyond doubt, each by its narrowest name, whether questions may be about it or not."""
        study = self.study
        names = [name for name in study.names if study.status(name) == "present" and not study.contested(name)]
        broader = {b for name in names for b in study.lexicon.broader(name) if b != name}
        return [name for name in names if name not in broader]

    @cached_property
    def present(self) -> list[str]:
        """What is present beyond doubt and may be asked about."""
        return [name for name in self.all_present if name in self.writer.name_set]

    @cached_property
    def absent(self) -> list[str]:
        """What is surely absent: what the study denies, and what it does not mention."""
        return [name for name in self.writer.names if name in self.study.ruled_out]

    @cached_property
    def _denied(self) -> list[str]:
        return [name for name in self.study.names if name in self.study.ruled_out and name in self.writer.name_set]

    def draw_absent(self, count: int, rng: Rng) -> list[str]:
        """`count` absent findings, or fewer if there are no more; chance decides how many of them the study denies."""
        first = rng.sample(self._denied, rng.below(count + 1))
        others = rng.sample(self.absent, count + len(first))
        return list(dict.fromkeys([*first, *others]))[:count]


def slug(name: str) -> str:
    """A finding in a case's id: "pleural-effusion"."""
    return name.replace(" ", "-")
