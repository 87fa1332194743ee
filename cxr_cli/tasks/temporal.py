"""How has the pleural effusion changed since the prior chest X-ray? Worsening, Stable or Improving."""

from collections.abc import Iterator, Mapping
from typing import Any

from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.agreement import COURSE, COURSE_WORDS
from cxr_cli.findings.study import StudyFindings
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.records import Step
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question, QuestionWriter, slug
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.wording import PLACES, StepWording, by_place, step

ANSWERS = {course: word.capitalize() for word, course in COURSE_WORDS.items()}
_COMPARE = ("I look at {look} on this film and on the prior one, checking for {signs}.",)
_COURSE_CONCLUSIONS = {  # by the first change that the report states
    "new": ("The {bare} {is} new, so the answer is {answer}.",),
    "worse": ("The {bare} {has} worsened, so the answer is {answer}.",),
    "stable": ("The {bare} {is} unchanged, so the answer is {answer}.",),
    "better": ("The {bare} {has} improved, so the answer is {answer}.",),
    "resolved": ("The {bare} {has} resolved, so the answer is {answer}.",),
}


class Temporal(Task):
    """The course of a finding; not asked of devices, nor when the sentences about it disagree.

    The study's `changes` go before its report.
    """

    name = "temporal"
    compares = True

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        study, writer = candidates.study, candidates.writer
        for name in study.changes | study.sentences:
            if name in writer.name_set and (question := self._question(study, name, writer)):
                yield question

    def _question(self, study: StudyFindings, name: str, writer: QuestionWriter) -> Question | None:
        course = study.changes.get(name)
        changes = (sentence.finding.change for sentence in study.course_evidence(name))
        courses = {course} if course else {COURSE[change] for change in changes if change}
        if len(courses) != 1 or name in writer.harmless:
            return None
        words = writer.phrasing.words(name)
        text = f"How {words['has']} the {words['bare']} changed since the prior chest X-ray?"
        key, answer = f"{self.name}/{slug(name)}", ANSWERS[courses.pop()]
        return Question(self.name, key, text, list(ANSWERS.values()), answer, [name])

    def plan(self, question: Question, wording: StepWording, rng: Rng) -> str:
        return wording.look(question.findings[0], rng, _COMPARE)

    def observations(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> list[Step]:
        name = question.findings[0]
        places = by_place(study.course_evidence(name))[:PLACES]
        places = places or [(Finding(name, "present", change=study.changes[name]), [])]
        observe = wording.phrasing.observe
        return [step(observe(finding, rng, change=True), "observe", sentences) for finding, sentences in places]

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        name = question.findings[0]
        evidence = study.course_evidence(name)
        change = evidence[0].finding.change or "" if evidence else study.changes[name]
        return wording.conclude(name, str(question.answer), _COURSE_CONCLUSIONS[change], rng)

    def fault(self, case: Mapping[str, Any], reference: ReferenceFindings, reader: Reader) -> str | None:
        """Why the course cannot be right, if the report states only other courses of the finding."""
        course = COURSE_WORDS.get(str(case.get("answer")).lower())
        for name in (case.get("findings") or ())[:1]:
            courses = {COURSE[f.change] for f in reference.findings.get(name, ()) if f.change}
            if course and courses and course not in courses:
                return f"the report contradicts the answer: {name} is {min(courses)}"
        return None
