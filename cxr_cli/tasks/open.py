"""Which findings are in this chest X-ray? All that are present, without options."""

from collections.abc import Iterator

from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question
from cxr_cli.tasks.which_findings import WHICH_ALL, WhichFindings
from cxr_cli.tasks.wording import OVERVIEW, StepWording


class Open(WhichFindings):
    """The findings that are present, as a list. Rows call it `multiple`, and it has no options."""

    name = "multiple"
    several = True

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        if present := candidates.present:
            answer = candidates.writer.options(present)
            yield Question(self.name, f"{self.name}/open", WHICH_ALL, [], answer, list(present))

    def plan(self, question: Question, wording: StepWording, rng: Rng) -> str:
        return rng.choice(OVERVIEW)
