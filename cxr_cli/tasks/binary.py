"""Is there a pleural effusion in this chest X-ray? Yes or No."""

from collections.abc import Iterator

from cxr_cli.findings.study import StudyFindings
from cxr_cli.records import Step
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question, QuestionWriter, slug
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.wording import StepWording

FEW = 1  # questions about what is present, at most, where no findings are named; as many about what is absent


class Binary(Task):
    """One question about each finding that is named, or about a few."""

    name = "binary"
    yes_no = per_finding = True

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        """About every finding that may be asked about, or about a few of them."""
        writer = candidates.writer
        for name in writer.names if writer.every else self._few(candidates):
            if question := self.question(candidates.study, name, writer):
                yield question

    def question(self, study: StudyFindings, name: str, writer: QuestionWriter) -> Question | None:
        answer = writer.yes_or_no(study, name)
        if answer is None:
            return None
        words = writer.phrasing.words(name)
        text = f"{words['is'].capitalize()} there {words['a']} in this chest X-ray?"
        return Question(self.name, f"{self.name}/{slug(name)}", text, ["Yes", "No"], answer, [name])

    def _few(self, candidates: Candidates) -> list[str]:
        """Some findings that are present, as many that are absent, and one of these at least; none of a study that
        mentions no finding."""
        study, writer = candidates.study, candidates.writer
        if not study.names:
            return []
        names = writer.names if writer.asks_in_doubt else ()
        doubtful = [name for name in names if study.status(name) == "uncertain"]
        rng = candidates.rng(self.name)
        first = rng.sample([*candidates.present, *doubtful], FEW)
        return first + candidates.draw_absent(max(1, len(first)), rng)

    def plan(self, question: Question, wording: StepWording, rng: Rng) -> str:
        return wording.look(question.findings[0], rng)

    def observations(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> list[Step]:
        return wording.observe(study, question.findings[0], rng)
