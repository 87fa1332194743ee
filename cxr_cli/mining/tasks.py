"""Questions about a study, their options and answers, all as texts: letters are added when a model is asked."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from cxr_cli.findings.agreement import COURSE, SAID
from cxr_cli.mining.evidence import StudyFindings, Told
from cxr_cli.mining.phrasing import Phrases
from cxr_cli.records import Task
from cxr_cli.rows.rng import Draws

TASKS: tuple[Task, ...] = ("binary", "single", "multiple", "anomaly", "temporal")
Uncertain = Literal["skip", "yes", "no"]

FEW = 1  # binary questions about what is there, at most, where no findings are named; as many about what is not
CHOICES = 4  # options of a single question
SEVERAL = 5  # options of a multiple question
MOST_RIGHT = 3  # of which at most so many are right
ANSWERS = {course: word.capitalize() for word, course in SAID.items()}
WHICH, WHICH_ALL = "Which finding is in this chest X-ray?", "Which findings are in this chest X-ray?"
HARMLESS = ("support device", "surgical material", "breast surgery", "nipple shadow", "fat pad")
"""A film that shows nothing but these is neither called normal nor abnormal."""


class Question(NamedTuple):
    """A question with its answer, as texts.

    key: what a study's id and this make a case's id. findings: what the question is about: for single and multiple one
    for each option, in their order; for multiple without options and for anomaly what is present.
    """

    task: Task
    key: str
    text: str
    options: list[str]
    answer: str | list[str]
    findings: list[str]


class Absent:
    """What a study surely does not show: what it denies, and what it passes over."""

    def __init__(self, study: StudyFindings, names: Iterable[str]) -> None:
        self.names = [name for name in names if name in study.ruled_out]
        self.denied = [name for name in study.names if name in self.names]

    def draw(self, count: int, draws: Draws) -> list[str]:
        """`count` of them, or fewer if there are no more; how many of what is denied is left to chance."""
        denied = draws.sample(self.denied, draws.below(count + 1))
        others = draws.sample(self.names, count + len(denied))
        return list(dict.fromkeys([*denied, *others]))[:count]


class Asker:
    """Asks about one study at a time.

    names: the findings that questions may be about. uncertain: the answer to "Is there X?" when X is uncertain.
    """

    def __init__(self, phrases: Phrases, names: Iterable[str], uncertain: Uncertain = "skip") -> None:
        self.phrases, self.names = phrases, list(names)
        self.asked = frozenset(self.names)
        self._answers = {"present": "Yes", "absent": "No", "uncertain": {"yes": "Yes", "no": "No"}.get(uncertain)}
        self._harmless = frozenset[str]().union(*(phrases.lexicon.narrower(name) for name in HARMLESS))

    def answer(self, study: StudyFindings, name: str) -> str | None:
        """ "Yes", "No", or None when the study does not say."""
        return self._answers[status] if (status := study.status(name)) else None

    def binary(self, study: StudyFindings, name: str) -> Question | None:
        """Is there this finding?"""
        answer = self.answer(study, name)
        if answer is None:
            return None
        words = self.phrases.words(name)
        text = f"{words['is'].capitalize()} there {words['a']} in this chest X-ray?"
        return Question("binary", f"binary/{_slug(name)}", text, ["Yes", "No"], answer, [name])

    def few(self, study: StudyFindings, present: Sequence[str], absent: Absent, draws: Draws) -> list[str]:
        """Findings for binary questions: some that are there, as many that are not, and one of these at least.

        None of a study that says nothing.
        """
        if not study.names:
            return []
        doubt = self._answers["uncertain"] is not None
        unsure = [name for name in self.names if doubt and study.status(name) == "uncertain"]
        names = draws.sample([*present, *unsure], FEW)
        return names + absent.draw(max(1, len(names)), draws)

    def present(self, study: StudyFindings) -> list[str]:
        """What is there beyond doubt, each by its narrowest name."""
        names = [n for n in study.names if study.status(n) == "present" and not study.contested(n)]
        broader = {b for name in names for b in study.lexicon.broader(name) if b != name}
        return [name for name in names if name not in broader]

    def single(self, present: Sequence[str], absent: Absent, draws: Draws) -> Question | None:
        """One finding that is there, among others that are not."""
        wrong = absent.draw(CHOICES - 1, draws)
        if not present or len(wrong) < CHOICES - 1:
            return None
        right = draws.choice(present)
        names = draws.sample([right, *wrong], CHOICES)
        key, answer = f"single/{_slug(right)}", self.phrases.option(right)
        return Question("single", key, WHICH, self._options(names), answer, names)

    def multiple(self, present: Sequence[str], absent: Absent, draws: Draws) -> Question | None:
        """Several findings that are there, among others that are not."""
        right = draws.sample(present, 2 + draws.below(MOST_RIGHT - 1))
        wrong = absent.draw(SEVERAL - len(right), draws)
        if len(right) < 2 or len(right) + len(wrong) < SEVERAL:
            return None
        names = draws.sample([*right, *wrong], SEVERAL)
        answer = self._options(name for name in names if name in right)
        return Question("multiple", "multiple", WHICH_ALL, self._options(names), answer, names)

    def open(self, present: Sequence[str]) -> Question | None:
        """All findings that are there, without options."""
        if not present:
            return None
        return Question("multiple", "multiple/open", WHICH_ALL, [], self._options(present), list(present))

    def anomaly(self, study: StudyFindings, present: Sequence[str]) -> Question | None:
        """Normal or abnormal? Not asked when all that is there is harmless or uncertain."""
        status = study.status("abnormality")
        present = [name for name in present if name not in self._harmless]
        text, options = "Is this chest X-ray normal or abnormal?", ["Normal", "Abnormal"]
        if status == "present" and present:
            return Question("anomaly", "anomaly", text, options, "Abnormal", present)
        if status == "absent" and study.names and all(study.status(name) == "absent" for name in study.names):
            return Question("anomaly", "anomaly", text, options, "Normal", [])
        return None

    def temporal(self, study: StudyFindings, name: str) -> Question | None:
        """What became of a finding; not asked of devices, nor when the sentences about it disagree.

        What the study's `changes` say goes before what its report says.
        """
        given = study.changes.get(name)
        told = (told.finding.change for told in changes(study, name))
        courses = {given} if given else {COURSE[change] for change in told if change}
        if len(courses) != 1 or name in self._harmless:
            return None
        words = self.phrases.words(name)
        text = f"How {words['has']} the {words['bare']} changed since the prior chest X-ray?"
        answer, key = ANSWERS[courses.pop()], f"temporal/{_slug(name)}"
        return Question("temporal", key, text, list(ANSWERS.values()), answer, [name])

    def _options(self, names: Iterable[str]) -> list[str]:
        return [self.phrases.option(name) for name in names]


def changes(study: StudyFindings, name: str) -> list[Told]:
    """The sentences that say what became of this very finding: of one that is there, or that has resolved.

    Of one whose course the study's `changes` give, those that say the same.
    """
    status, given = study.status(name), study.changes.get(name)
    told = [t for t in study.told.get(name, ()) if t.finding.change and t.finding.status == status]
    told = [t for t in told if status == "present" or t.finding.change == "resolved"]
    return [t for t in told if given in (None, COURSE[t.finding.change or ""])]


def _slug(name: str) -> str:
    return name.replace(" ", "-")
