"""What the house asks of a task."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.study import StudyFindings
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.records import Step
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question, QuestionWriter
from cxr_cli.tasks.wording import OVERVIEW, PRESENT_CONCLUSIONS, StepWording

_ABSENT_CONCLUSIONS = (
    "There {is} no {bare}, so the answer is {answer}.",
    "As no {bare} {is} seen, the answer is {answer}.",
)
_UNCERTAIN_CONCLUSIONS = ("{A} {is} possible but not certain, so the answer is {answer}.",)
_STATUS_OF_ANSWER = {"yes": "present", "no": "absent"}


class Task:
    """One kind of question. As it stands, it serves cases whose task has a name that is not in the table.

    name: what rows call it. yes_no: the answers are Yes and No. several: the answer is a list, though it may hold one
    text. compares: a model sees the prior's films too. per_finding: `--per-finding` draws its questions by
    `question`, each of them about one finding, with the answers Yes and No. writes_report: the answer is a report.
    on_demand: `cxr mine` asks its questions only if `--task` names it.
    """

    name = ""
    yes_no = several = compares = per_finding = writes_report = on_demand = False

    def questions(self, candidates: Candidates) -> Iterable[Question]:
        """The questions of this task about one study; none by default."""
        return ()

    def question(self, study: StudyFindings, name: str, writer: QuestionWriter) -> Question | None:
        """The question about this finding; None if the study does not say whether it is there, and by default."""
        return None

    # The steps to an answer.

    def plan(self, question: Question, wording: StepWording, rng: Rng) -> str:
        """The first step: where to look. It states no finding."""
        return rng.choice(OVERVIEW)

    def observations(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> list[Step]:
        """What is seen of each finding that the question is about; of a healthy film, organ by organ."""
        steps = [step for name in question.findings for step in wording.observe(study, name, rng, places=1)]
        return steps or wording.observe_health(study, rng)

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        """The last step: it ends with the answer. "" for none."""
        answer = ", ".join(texts_of(question.answer))
        if not question.findings:
            return f"So the answer is {answer}."
        status = study.status(question.findings[0])
        templates = (
            PRESENT_CONCLUSIONS
            if status == "present"
            else _ABSENT_CONCLUSIONS
            if status == "absent"
            else _UNCERTAIN_CONCLUSIONS
        )
        return wording.conclude(question.findings[0], answer, templates, rng)

    # Cases, whoever made them.

    def films(self, case: Mapping[str, Any]) -> list[str]:
        """The films of a case in the order in which a model sees them."""
        prior = (case.get("prior") or {}) if self.compares else {}
        return [*(prior.get("images") or ()), *(case.get("images") or ())]

    def claims(self, case: Mapping[str, Any], reader: Reader) -> list[Finding]:
        """The findings that the case's answer claims: of Yes and No the one that the question is about."""
        texts = texts_of(case.get("answer"))
        if len(texts) == 1 and (status := _STATUS_OF_ANSWER.get(texts[0].strip().lower())):
            names = [name for name in case.get("findings") or () if name in reader.lexicon.entries]
            return [Finding(name, status) for name in names[:1]]
        return self.claims_of_texts(texts, reader)

    def claims_of_texts(self, texts: Sequence[str], reader: Reader) -> list[Finding]:
        """The findings that the texts of an answer claim; none by default."""
        return []

    def fault(self, case: Mapping[str, Any], reference: ReferenceFindings, reader: Reader) -> str | None:
        """Why the case's answer cannot be right, if the report contradicts it. reference: the report's findings."""
        for claim in self.claims(case, reader):
            judgement = reference.judge(claim)
            if judgement.verdict == "contradicted":
                return f"the report contradicts the answer: {judgement.reason}"
        return None

    def follows(
        self, case: Mapping[str, Any], answer: list[str], statements: Sequence[Finding], reader: Reader
    ) -> bool | None:
        """Does an answer follow from what the reasoning states? None if the answer claims no finding.

        What the answer claims must be stated, and nothing that speaks against it.
        """
        claims = self.claims({**case, "answer": answer}, reader)
        if not claims:
            return None
        reference = ReferenceFindings(statements, reader.lexicon, "unknown")

        def supported(finding: Finding) -> bool:
            return reference.judge(finding).verdict == "supported"

        rivals = self.rivals(case, answer, reader)
        return all(map(supported, claims)) and not any(supported(rival) for rival in rivals if rival not in claims)

    def rivals(self, case: Mapping[str, Any], answer: Sequence[str], reader: Reader) -> list[Finding]:
        """The findings that may not be stated beside this answer; none by default."""
        return []


def texts_of(answer: Any) -> list[str]:
    """An answer as texts: of one, of several, or none."""
    return [text for text in (answer if isinstance(answer, list) else [answer]) if isinstance(text, str)]
