"""`cxr score --compare`: one model a file, or several in one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cxr


def written(path: Path, right: int, n: int = 20, **more: Any) -> None:
    """A file of answers, the first `right` of them right."""
    rows = [
        {
            "id": f"q{i}",
            "task": "binary",
            "question": "Is there edema?",
            "options": ["Yes", "No"],
            "answer": "Yes",
            "findings": ["edema"],
            "prediction": "<answer> Yes </answer>" if i < right else "<answer> No </answer>",
            **more,
        }
        for i in range(n)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_command(cxr: Cxr, tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", 20)
    written(tmp_path / "b.jsonl", 2)
    done = cxr("score", "a.jsonl", "Qwen 7B=b.jsonl", "--compare")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "task    metric    model     n  nulls   mean     95% interval       p\n"
        "binary  accuracy  a        20      0  1.000*  [1.000, 1.000]    best\n"
        "                  Qwen 7B  20      0  0.100   [0.000, 0.250]  <0.001\n"
    )
    assert "note: binary: no model has a score of factuality, completeness, effectiveness, radrscore\n" in done.stdout
    written(tmp_path / "c.jsonl", 1, 3)
    done = cxr("score", "a.jsonl", "c.jsonl", "--compare")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "cxr: the models have different items (a 20, c 3; 3 in common): --common compares on those\n"
    )
    done = cxr("score", "a.jsonl", "c.jsonl", "--compare", "--common", "--format", "csv")
    assert done.stdout.splitlines()[1].startswith("binary,accuracy,all,a,3,0,1.0,")
    assert done.stderr.startswith("cxr: binary: on the 3 items that all its models have; left out: a 17\n")


def test_the_models_of_one_file(cxr: Cxr, tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", 2, 3, answered_by="GPT-4o")
    written(tmp_path / "b.jsonl", 1, 3, answered_by="MedDr")
    rows = [json.loads(line) for name in "ab" for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
    for row in rows:
        row.update(item=row["id"], id=f"{row['answered_by']}/{row['id']}")
    both = "".join(json.dumps(row) + "\n" for row in rows)
    done = cxr("score", "--compare", "--format", "json", stdin=both)
    assert done.returncode == 0
    means = {line["model"]: line["mean"] for line in json.loads(done.stdout)["lines"] if line["metric"] == "accuracy"}
    assert means == {"GPT-4o": pytest.approx(2 / 3), "MedDr": pytest.approx(1 / 3)}
    done = cxr("score", "--compare", stdin=both + json.dumps(rows[0] | {"id": "again"}) + "\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "cxr: stdin:7: model GPT-4o answers this item twice; NAME=FILE names the model of a file (id again)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--compare", "a.jsonl"], 1, "cxr: --compare needs two models or more, not a\n"),
        (["--compare", "a.jsonl", "a.jsonl"], 1, "cxr: a.jsonl: given twice; give each model once\n"),
        (["--compare", "a.jsonl", "x.jsonl"], 1, "cxr: x.jsonl: no such file; did you mean a.jsonl?\n"),
    ],
)
def test_refused(cxr: Cxr, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    written(tmp_path / "a.jsonl", 1, 2)
    done = cxr("score", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
