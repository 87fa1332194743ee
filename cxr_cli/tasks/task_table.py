"""The tasks: what questions a study is asked, the steps to their answers, and how an answer is read and checked.

task_of({"task": "temporal", ...}).films(case)      # the prior's films first

A task of your own is a class with its questions, in one file, and one line in TASKS:

    class Laterality(Task):
        name = "laterality"

        def questions(self, candidates: Candidates) -> Iterable[Question]: ...
"""

from collections.abc import Container, Mapping, Sequence
from functools import cache
from typing import Any

from cxr_cli.registry import Registry
from cxr_cli.tasks.task import Task

TASKS = Registry(  # NAME, or NAME/open for its questions without options -> "module:class", in the order of summaries
    {
        "binary": "cxr_cli.tasks.binary:Binary",
        "single": "cxr_cli.tasks.single:Single",
        "multiple": "cxr_cli.tasks.multiple:Multiple",
        "multiple/open": "cxr_cli.tasks.open:Open",
        "anomaly": "cxr_cli.tasks.anomaly:Anomaly",
        "temporal": "cxr_cli.tasks.temporal:Temporal",
        "report": "cxr_cli.tasks.on_demand.report_writing:ReportWriting",
    }
)
_OTHER = Task()


def task_names() -> list[str]:
    """What rows and `--task` call the tasks: binary, single, multiple, anomaly, temporal, report."""
    return list(dict.fromkeys(map(_row_name, TASKS)))


def default_task_names() -> list[str]:
    """Those whose questions `cxr mine` asks without `--task`."""
    return list(dict.fromkeys(task.name for task in tasks_named(task_names()) if not task.on_demand))


def tasks_named(names: Container[str]) -> list[Task]:
    """The tasks of these names, in the order of the table."""
    return [_loaded_task(key, place) for key, place in TASKS.items() if _row_name(key) in names]


def task_of(case: Mapping[str, Any], options: Sequence[str] | None = None) -> Task:
    """The task of a case; a plain Task for the name that another benchmark gives it.

    options: those of the case, where its question's text lists them.
    """
    name = str(case.get("task"))
    options = case.get("options") if options is None else options
    key = f"{name}/open" if not options and f"{name}/open" in TASKS else name
    return _loaded_task(key, TASKS[key]) if key in TASKS else _OTHER


def _row_name(key: str) -> str:
    return key.partition("/")[0]


@cache
def _loaded_task(key: str, place: str) -> Task:
    """place: what the table says of the key, so that another line in its place is another task."""
    task: Task = TASKS.load(key)()
    return task
