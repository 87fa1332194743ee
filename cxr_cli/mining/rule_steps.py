"""Steps without a model: where to look; what is seen, with the sentences of the report that say so; what follows."""

from cxr_cli.findings.phrasing import Phrasing
from cxr_cli.findings.study import StudyFindings
from cxr_cli.records import Step
from cxr_cli.rows.rng import AlwaysFirst, Rng
from cxr_cli.tasks.candidates import Question
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.wording import StepWording, step


class RuleSteps:
    """Writes the steps that lead to a question's answer. brief: without the plan, and in one wording."""

    def __init__(self, phrasing: Phrasing, *, brief: bool = False) -> None:
        self.wording, self.brief = StepWording(phrasing), brief

    def write(self, task: Task, question: Question, study: StudyFindings, rng: Rng) -> list[Step]:
        """A plan, one or more observations, a conclusion that names the answer, unless the task has none."""
        rng = AlwaysFirst() if self.brief else rng
        plan = step(task.plan(question, self.wording, rng), "plan")
        observations = task.observations(question, study, self.wording, rng)
        text = task.conclusion(question, study, self.wording, rng)
        steps = [*observations, step(text, "conclude")] if text else observations
        return steps if self.brief else [plan, *steps]
