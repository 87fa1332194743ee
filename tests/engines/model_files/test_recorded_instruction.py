"""The instruction that a training has recorded beside its model."""

import json
from pathlib import Path

import pytest

from cxr_cli.engines.model_files.recorded_instruction import recorded_instruction
from cxr_cli.errors import CxrError


def test_a_folder_and_its_checkpoints_have_the_instruction_of_their_training(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-8").mkdir()
    assert recorded_instruction(str(tmp_path)) is None
    (tmp_path / "run.json").write_text(json.dumps({"instruction": "Look, then answer.", "settings": {}}))
    assert recorded_instruction(str(tmp_path)) == "Look, then answer."
    assert recorded_instruction(str(tmp_path / "checkpoint-8")) == "Look, then answer."
    assert recorded_instruction(str(tmp_path / "other")) is None


def test_what_is_no_folder_has_none() -> None:
    for name in ("Qwen/Qwen2-VL-2B-Instruct", "http://localhost:8000/v1", "a\0b", "x" * 5000):
        assert recorded_instruction(name) is None


@pytest.mark.parametrize("value", [None, 7, "", " \n"])
def test_a_value_that_is_no_text_is_none(tmp_path: Path, value: object) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"instruction": value}))
    assert recorded_instruction(str(tmp_path)) is None


def test_a_damaged_record_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"instruction": "Lo')
    with pytest.raises(CxrError, match=r"run.json is not JSON that can be read"):
        recorded_instruction(str(tmp_path))
