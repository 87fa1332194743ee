"""A task of one's own, from its line in the table to the summary: its file is tests/tasks/laterality.py."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.mining.cases import Miner
from cxr_cli.mining.selection import sample_per_finding
from cxr_cli.tasks.binary import Binary
from cxr_cli.tasks.task_table import TASKS
from tests.cases import LEXICON, Row, lines, rows

ROOT = Path(__file__).parents[2]
PLACE = "tests.tasks.laterality:Laterality"
SCRIPT = f"""
from cxr_cli.tasks.task_table import TASKS
TASKS["laterality"] = "{PLACE}"
from cxr_cli.cli import main
main()
"""
STUDY = {"id": "s", "report": "Small left pleural effusion. No pneumothorax. Cardiomegaly."}


def cxr(*arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=600, env=env)


def ask() -> Row:
    done = cxr("mine", "--task", "laterality", stdin=lines(STUDY))
    assert done.returncode == 0, done.stderr
    (case,) = rows(done.stdout)
    return case


def test_it_is_mined_and_verified() -> None:
    case = ask()
    assert (case["id"], case["task"]) == ("s/laterality/pleural-effusion", "laterality")
    assert (case["question"], case["answer"]) == ("On which side is a pleural effusion seen?", "Left")
    assert [step["kind"] for step in case["steps"]] == ["plan", "observe", "conclude"]
    assert case["steps"][-1]["text"].endswith("so the answer is Left.")
    (verified,) = rows(cxr("verify", "--keep", "cases", stdin=json.dumps(case)).stdout)
    assert verified["support"] == 1.0
    (wrong,) = rows(cxr("verify", "--keep", "all", stdin=json.dumps({**case, "answer": "Right"})).stdout)
    assert wrong["fault"] == "the report contradicts the answer: pleural effusion is left, not right"


def test_it_is_scored_and_summarized_behind_the_others() -> None:
    case = ask()
    other = {**case, "id": "t", "task": "temporal"}
    reply = "<think>There is a left pleural effusion.</think><answer>A</answer>"
    done = cxr("score", "--statements", stdin=lines(*({**row, "prediction": reply} for row in (case, other))))
    mine, others = rows(done.stdout)
    assert (mine["scores"]["accuracy"], mine["scores"]["consistency"]) == (1.0, 1.0)
    assert others["why"]["consistency"] == "the answer claims no finding"
    summary = cxr("score", "--summary", stdin=lines(*({**row, "prediction": reply} for row in (case, other))))
    assert summary.stdout.index("temporal") < summary.stdout.index("laterality")


def test_a_name_that_is_no_task_is_refused() -> None:
    done = cxr("mine", "--task", "side", stdin="")
    assert done.returncode == 2
    assert "'binary', 'single', 'multiple', 'anomaly', 'temporal', 'report', 'laterality'" in done.stderr


def test_it_draws_nothing_from_the_other_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Miner(LEXICON)(STUDY)
    monkeypatch.setitem(TASKS, "laterality", PLACE)
    after: list[dict[str, Any]] = Miner(LEXICON)(STUDY)
    assert after[: len(before)] == before
    assert [case["task"] for case in after[len(before) :]] == ["laterality"]


class Presence(Binary):
    """The questions of the task `binary`, by another name."""

    name = "presence"


def test_it_is_drawn_per_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "presence", f"{__name__}:Presence")
    studies = [STUDY, {"id": "t", "report": "No pneumothorax."}]

    def drawn(*names: str) -> list[str]:
        miner = Miner(LEXICON, tasks=names, findings=["pneumothorax"])
        sample = sample_per_finding(
            miner, 2, iter(studies), lambda ask, rows: ((row, ask(row)) for row in rows), balance=False
        )
        return [case["id"] for case in sample]

    assert drawn("presence") == ["s/presence/pneumothorax", "t/presence/pneumothorax"]
    assert sorted(drawn("binary", "presence")) == sorted([*drawn("binary"), *drawn("presence")])
