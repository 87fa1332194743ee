"""Which findings are in this chest X-ray? Two or three of five options."""

from collections.abc import Iterator

from cxr_cli.tasks.candidates import Candidates, Question
from cxr_cli.tasks.which_findings import WHICH_ALL, WhichFindings

MULTIPLE_OPTIONS = 5
MOST_RIGHT = 3  # of which at most so many are right


class Multiple(WhichFindings):
    """Several findings that are present, among others that are absent."""

    name = "multiple"

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        writer, rng = candidates.writer, candidates.rng(self.name)
        right = rng.sample(candidates.present, 2 + rng.below(MOST_RIGHT - 1))
        wrong = candidates.draw_absent(MULTIPLE_OPTIONS - len(right), rng)
        if len(right) < 2 or len(right) + len(wrong) < MULTIPLE_OPTIONS:
            return
        names = rng.sample([*right, *wrong], MULTIPLE_OPTIONS)
        answer = writer.options(name for name in names if name in right)
        yield Question(self.name, self.name, WHICH_ALL, writer.options(names), answer, names)
