"""The members of a JSON file, each once, whatever it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.sources.formats.json_members import json_members
from tests.cases import rows
from tests.conftest import Tool

VALUES: list[Any] = [{"x": [1, "y"]}, None, "te:xt, {", [], -2.5, True, ["k", None], ""]


@pytest.mark.parametrize("keyed", [True, False])
def test_no_member_is_passed_over(keyed: bool, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    keys = [f"key {number}" if keyed else None for number in range(len(VALUES))]
    path.write_text(json.dumps(dict(zip(keys, VALUES, strict=True)) if keyed else VALUES, indent=1))
    numbered = enumerate(zip(keys, VALUES, strict=True), 1)
    assert [*json_members(path)] == [(f"{path}:{number}", *member, None) for number, member in numbered]


def test_questions_that_are_null_or_texts_are_rejected(tool: Tool, tmp_path: Path) -> None:
    question = {"question": "Edema?", "correct_answer_explanation": "No edema.", "Findings": "No edema."}
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "test_vqa_data.json").write_text(json.dumps({"a": None, "b": question, "c": "Edema?"}))
    result = tool("verify", "rexvqa:.", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(result.out)] == ["b"]
    assert "2 of 3 rows rejected" in result.err
    bad = rows((tmp_path / "bad.jsonl").read_text())
    assert [(row["where"][-2:], row["row"]) for row in bad] == [(":1", None), (":3", "Edema?")]
    assert {row["reason"] for row in bad} == {"no question under an id"}
