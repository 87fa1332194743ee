"""Which finding is in this chest X-ray? One of four options."""

from collections.abc import Iterator

from cxr_cli.findings.study import StudyFindings
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question, slug
from cxr_cli.tasks.which_findings import WHICH_ONE, WhichFindings
from cxr_cli.tasks.wording import StepWording

SINGLE_OPTIONS = 4
_ONLY_CONCLUSION = ("Of these findings, only {a} {is} seen, so the answer is {answer}.",)


class Single(WhichFindings):
    """One finding that is present, among others that are absent."""

    name = "single"

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        writer, rng = candidates.writer, candidates.rng(self.name)
        wrong = candidates.draw_absent(SINGLE_OPTIONS - 1, rng)
        if not candidates.present or len(wrong) < SINGLE_OPTIONS - 1:
            return
        right = rng.choice(candidates.present)
        names = rng.sample([right, *wrong], SINGLE_OPTIONS)
        key, answer = f"{self.name}/{slug(right)}", writer.phrasing.option(right)
        yield Question(self.name, key, WHICH_ONE, writer.options(names), answer, names)

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        right = question.findings[question.options.index(str(question.answer))]
        return wording.conclude(right, str(question.answer), _ONLY_CONCLUSION, rng)
