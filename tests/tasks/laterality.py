"""A task of one's own: on which side is the pleural effusion?"""

from collections.abc import Iterator, Mapping
from typing import Any

from cxr_cli.findings import Finding, Reader
from cxr_cli.tasks.candidates import Candidates, Question, slug
from cxr_cli.tasks.task import Task

SIDES = {"left": "Left", "right": "Right", "bilateral": "Both sides"}


class Laterality(Task):
    """The side of a finding whose sentences all name the same one."""

    name = "laterality"

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        for name in candidates.present:
            sides = {sentence.finding.side for sentence in candidates.study.evidence(name)}
            side = sides.pop() if len(sides) == 1 else None
            if side:
                words = candidates.writer.phrasing.words(name)
                text, key = f"On which side {words['is']} {words['a']} seen?", f"{self.name}/{slug(name)}"
                yield Question(self.name, key, text, list(SIDES.values()), SIDES[side], [name])

    def claims(self, case: Mapping[str, Any], reader: Reader) -> list[Finding]:
        """ "Left" claims a left effusion."""
        answer = case["answer"][0] if isinstance(case["answer"], list) else case["answer"]
        return [Finding(case["findings"][0], "present", side) for side, text in SIDES.items() if text == answer]
