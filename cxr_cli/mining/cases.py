"""Study rows -> Case rows: questions and answers, and steps by rules.

mine = Miner(Lexicon.load(), tasks=["binary"])
mine({"id": "s1", "report": "Small left effusion."})     # -> [{"id": "s1/binary/pleural-effusion", ...}, ...]
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.phrasing import phrasing_of
from cxr_cli.findings.study import StudyFindings
from cxr_cli.mining.rule_steps import RuleSteps
from cxr_cli.records import NOT_ASKED_FOR, Unmentioned, merge_reasons
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Rng
from cxr_cli.rows.signatures import in_use, listed, signature
from cxr_cli.tasks.candidates import Candidates, Question, QuestionWriter, Uncertain
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.task_table import default_task_names, tasks_named

StepsFor = Literal["all", "reported", "none"]


class Miner:
    """Asks each study the questions of the tasks. All draws depend on the seed and the ids alone.

    tasks: by name; none stands for all. findings: what questions may be about; binary questions then ask about each of
    them. None: what of the lexicon is worth a question; binary questions then ask about few.
    steps: of all studies, of those with a report, of none; None leaves them to others. brief: see RuleSteps.
    selection: how the studies were chosen, for signatures.
    settings: all that change a case, for signatures.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        tasks: Sequence[str] = (),
        findings: Iterable[str] | None = None,
        unmentioned: Unmentioned = "normal",
        uncertain: Uncertain = "skip",
        seed: int = 0,
        steps: StepsFor | None = "all",
        brief: bool = False,
        selection: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.lexicon, self.reader, self.seed, self.steps_for = lexicon, reader(lexicon), seed, steps
        self.settings: dict[str, Any] = {"unmentioned": unmentioned, "uncertain": uncertain, "seed": seed}
        default = default_task_names()
        self.tasks = tasks_named(tasks or default)
        findings = None if findings is None else [*findings]
        self.settings |= in_use(
            brief=brief,
            task="" if {task.name for task in self.tasks} == {*default} else listed(tasks),
            findings=listed(findings or ()),
            steps="" if steps == "all" else steps,
        )
        self.settings |= selection
        every = findings is not None
        names = [name for name, entry in lexicon.entries.items() if entry.answer] if findings is None else findings
        self.writer = QuestionWriter(phrasing_of(lexicon), names, every=every, uncertain=uncertain)
        self.steps = RuleSteps(self.writer.phrasing, brief=brief)
        self.made_by = signature("rules", lexicon.digest, **self.settings)

    def __call__(self, row: Row) -> list[Row]:
        """The cases of one study; none if its report and labels are empty. RowError: it has neither."""
        study = self.read(row)
        candidates = Candidates(study, self.writer, f"{self.seed}/{row['id']}")
        questions = ((task, question) for task in self.tasks for question in task.questions(candidates))
        cases = [self.case(row, study, task, question) for task, question in questions]
        return cases

    def read(self, row: Row) -> StudyFindings:
        """The study's findings, by the miner's policy on those that it does not mention."""
        return StudyFindings(row, self.reader, self.settings["unmentioned"])

    def case(self, row: Row, study: StudyFindings, task: Task, question: Question) -> Row:
        """The study's row, grown by a question, its answer and the steps to it."""
        id, why = f"{row['id']}/{question.key}", self._why_no_steps(row)
        write_steps = self.steps_for and not why
        case = {
            "id": id,
            "task": question.task,
            "question": question.text,
            "options": question.options,
            "answer": question.answer,
            "findings": question.findings,
            "steps": self.steps.write(task, question, study, Rng(f"{self.seed}/{id}")) if write_steps else None,
            "made_by": self.made_by,
        }
        return row | case | merge_reasons(row, ["steps"], why)

    def _why_no_steps(self, row: Row) -> dict[str, str]:
        if self.steps_for == "none":
            return {"steps": NOT_ASKED_FOR}
        return {"steps": "no report"} if self.steps_for == "reported" and not row.get("report") else {}
