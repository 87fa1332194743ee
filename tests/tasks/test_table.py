"""Which task a case has, and what that means for its films, its answer and its claims."""

from typing import Any

import pytest

from cxr_cli.findings import Finding, read
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.task_table import TASKS, default_task_names, task_names, task_of, tasks_named
from tests.cases import LEXICON, READER


def test_every_line_of_the_table_is_a_task_of_its_name() -> None:
    assert task_names() == ["binary", "single", "multiple", "anomaly", "temporal", "report"]
    assert default_task_names() == ["binary", "single", "multiple", "anomaly", "temporal"]
    assert [type(task).__name__ for task in tasks_named(["temporal", "multiple"])] == ["Multiple", "Open", "Temporal"]
    assert [task.name for task in tasks_named(task_names())] == [key.partition("/")[0] for key in TASKS]


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ({"task": "binary"}, "Binary"),
        ({"task": "single", "options": []}, "Single"),
        ({"task": "multiple", "options": ["Edema", "Mass"]}, "Multiple"),
        ({"task": "multiple", "options": []}, "Open"),
        ({"task": "multiple"}, "Open"),
        ({"task": "open"}, "Task"),
        ({"task": "vqa-rad"}, "Task"),
        ({"task": None}, "Task"),
        ({}, "Task"),
    ],
)
def test_the_task_of_a_case(case: dict[str, Any], name: str) -> None:
    assert type(task_of(case)).__name__ == name


def test_options_in_the_text_of_the_question_count() -> None:
    assert task_of({"task": "multiple"}, ["Edema", "Mass"]).several is False
    assert task_of({"task": "multiple", "options": ["Edema", "Mass"]}, []).several is True


def test_the_films_of_the_prior_come_first() -> None:
    case = {"images": ["b.png"], "prior": {"images": ["a.png"]}}
    assert task_of({"task": "temporal"}).films(case) == ["a.png", "b.png"]
    assert task_of({"task": "binary"}).films(case) == ["b.png"]
    assert task_of({"task": "temporal"}).films({"images": ["b.png"], "prior": None}) == ["b.png"]
    assert Task().films({}) == []


@pytest.mark.parametrize(
    ("case", "claims"),
    [
        ({"task": "binary", "answer": "No", "findings": ["edema", "mass"]}, [("edema", "absent")]),
        ({"task": "vqa-rad", "answer": "yes ", "findings": ["edema"]}, [("edema", "present")]),
        ({"task": "binary", "answer": "Yes", "findings": ["no such finding"]}, []),
        ({"task": "single", "answer": "Edema", "findings": ["edema"]}, [("edema", "present")]),
        ({"task": "multiple", "answer": ["Edema", "Mass"]}, [("edema", "present"), ("mass", "present")]),
        ({"task": "anomaly", "answer": "Abnormal", "findings": ["edema"]}, []),
        ({"task": "vqa-rad", "answer": "Edema"}, []),
        ({"task": "single", "answer": None}, []),
    ],
)
def test_what_an_answer_claims(case: dict[str, Any], claims: list[tuple[str, str]]) -> None:
    assert [finding[:2] for finding in task_of(case).claims(case, READER)] == claims


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        ({"task": "binary", "answer": "No", "findings": ["edema"]}, "edema is present"),
        ({"task": "single", "answer": "Mass", "options": ["Mass"]}, "mass is absent"),
        ({"task": "temporal", "answer": "Stable", "findings": ["edema"]}, "edema is worse"),
        ({"task": "temporal", "answer": "Worsening", "findings": ["edema"]}, None),
        ({"task": "temporal", "answer": "Stable", "findings": ["mass"]}, None),
        ({"task": "anomaly", "answer": "Normal"}, None),
    ],
)
def test_a_report_contradicts_an_answer(case: dict[str, Any], fault: str | None) -> None:
    reference = ReferenceFindings(read("Edema has worsened. No mass."), LEXICON)
    expected = fault and f"the report contradicts the answer: {fault}"
    assert task_of(case).fault(case, reference, READER) == expected


@pytest.mark.parametrize(
    ("case", "answer", "reasoning", "follows"),
    [
        ({"task": "binary", "findings": ["edema"]}, ["No"], "There is no edema.", True),
        ({"task": "binary", "findings": ["edema"]}, ["Yes"], "There is no edema.", False),
        ({"task": "single", "options": ["Edema", "Mass"]}, ["Edema"], "Edema.", True),
        ({"task": "single", "options": ["Edema", "Mass"]}, ["Edema"], "Edema. A mass.", False),
        ({"task": "multiple", "options": []}, ["Edema"], "Edema. A mass.", True),
        ({"task": "anomaly"}, ["Abnormal"], "Edema.", True),
        ({"task": "anomaly"}, ["Normal"], "No edema.", True),
        ({"task": "anomaly"}, ["Normal"], "I look.", False),
        ({"task": "temporal", "findings": ["edema"]}, ["Stable"], "Edema.", None),
        ({"task": "vqa-rad"}, ["Edema"], "Edema.", None),
    ],
)
def test_an_answer_follows(case: dict[str, Any], answer: list[str], reasoning: str, follows: bool | None) -> None:
    statements: list[Finding] = read(reasoning)
    assert task_of(case).follows(case, answer, statements, READER) is follows
