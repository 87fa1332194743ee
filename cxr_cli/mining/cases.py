"""Study rows -> Case rows: questions and answers, and steps by rules.

mine = Miner(Lexicon.load(), tasks=["binary"])
mine({"id": "s1", "report": "Small left effusion."})     # -> [{"id": "s1/binary/pleural-effusion", ...}, ...]
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from cxr_cli.errors import RowError
from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.mining.evidence import StudyFindings
from cxr_cli.mining.phrasing import phrases
from cxr_cli.mining.rules import Rules
from cxr_cli.mining.tasks import TASKS, Absent, Asker, Question, Uncertain
from cxr_cli.records import Task, merge_reasons
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Draws
from cxr_cli.rows.signatures import signature

Wanted = Literal["all", "reported", "none"]


class Miner:
    """Asks about each study what the tasks call for. All draws depend on the seed and the ids alone.

    tasks: none stands for all. findings: what questions may be about; binary questions then ask about each of them.
    None: what of the lexicon is worth a question; binary questions then ask about few.
    steps: of all studies, of those with a report, of none; None leaves them to others. brief: see Rules. settings: all
    that change a case, for signatures. silent: how many studies gave no question.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        tasks: Sequence[Task] = (),
        findings: Iterable[str] | None = None,
        unmentioned: Unmentioned = "normal",
        uncertain: Uncertain = "skip",
        seed: int = 0,
        steps: Wanted | None = "all",
        brief: bool = False,
    ) -> None:
        self.lexicon, self.reader, self.tasks, self.seed = lexicon, reader(lexicon), tasks or TASKS, seed
        self.settings: dict[str, Any] = {"unmentioned": unmentioned, "uncertain": uncertain, "seed": seed}
        self.settings |= {"brief": True} if brief else {}
        self.each, self.written, self.silent = findings is not None, steps, 0
        worth = (name for name, entry in lexicon.entries.items() if entry.answer)
        self.asker = Asker(phrases(lexicon), worth if findings is None else findings, uncertain)
        self.rules = Rules(self.asker.phrases, brief=brief)
        self.made_by = signature("rules", lexicon.digest, **self.settings)

    def __call__(self, row: Row) -> list[Row]:
        """The cases of one study; none if its report and labels are empty. RowError: it has neither."""
        study = self.read(row)
        cases = [self.case(row, study, question) for question in self._questions(study, row["id"])]
        self.silent += not cases
        return cases

    def read(self, row: Row) -> StudyFindings:
        return StudyFindings(row, self.reader, self.settings["unmentioned"])

    def binary(self, row: Row, study: StudyFindings, names: Iterable[str]) -> Iterator[Row]:
        """The cases that ask whether these findings are there."""
        questions = (self.asker.binary(study, name) for name in names)
        return (self.case(row, study, question) for question in questions if question)

    def case(self, row: Row, study: StudyFindings, question: Question) -> Row:
        """The study's row, grown by a question, its answer and the steps to it."""
        id, why = f"{row['id']}/{question.key}", self._without_steps(row)
        made = {
            "id": id,
            "task": question.task,
            "question": question.text,
            "options": question.options,
            "answer": question.answer,
            "findings": question.findings,
            "steps": self.rules.steps(question, study, self._draws(id)) if self.written and not why else None,
            "made_by": self.made_by,
        }
        return row | made | merge_reasons(row, ["steps"], why)

    def _without_steps(self, row: Row) -> dict[str, str]:
        """Why this study gets no steps, if it does not."""
        if self.written == "none":
            return {"steps": "not asked for"}
        return {"steps": "no report"} if self.written == "reported" and not row.get("report") else {}

    def _questions(self, study: StudyFindings, id: str) -> Iterator[Question]:
        asker, tasks = self.asker, self.tasks
        there = asker.present(study)
        present = [name for name in there if name in asker.asked]
        absent = Absent(study, asker.names)
        asked: list[Question | None] = []
        if "binary" in tasks:
            names = asker.names if self.each else asker.few(study, present, absent, self._draws(f"{id}/binary"))
            asked += [asker.binary(study, name) for name in names]
        if "single" in tasks:
            asked.append(asker.single(present, absent, self._draws(f"{id}/single")))
        if "multiple" in tasks:
            asked += [asker.multiple(present, absent, self._draws(f"{id}/multiple")), asker.open(present)]
        if "anomaly" in tasks:
            asked.append(asker.anomaly(study, there))
        if "temporal" in tasks:
            asked += [asker.temporal(study, name) for name in study.changes | study.told if name in asker.asked]
        return filter(None, asked)

    def _draws(self, key: str) -> Draws:
        return Draws(f"{self.seed}/{key}")


def mined(miner: Miner, rows: Iterable[Row], *, reject: Callable[[Row, str], None]) -> Iterator[Row]:
    """The cases of all studies; a study that cannot be used goes to `reject`."""
    for row in rows:
        try:
            cases = miner(row)
        except RowError as error:
            reject(row, error.reason)
        else:
            yield from cases
