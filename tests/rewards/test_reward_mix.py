"""Which rewards a training uses: `--reward NAME[:WEIGHT]`, and functions of your own."""

import json
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select
from tests.rewards.test_rewards import CASE


def test_which_rewards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_reward.py").write_text("def short(completions, **_):\n    return [1.0 for c in completions]\n")
    monkeypatch.chdir(tmp_path)
    chosen = select(["format:0.5", "my_reward:short:2", "process"])
    assert (list(chosen.functions), chosen.weights) == (["format", "short", "process"], [0.5, 2.0, 1.0])
    assert select([]).weights == [1.0, 1.0, 2.0, 1.0]
    for text, message in [
        ("fromat", "did you mean format?"),
        ("zzz", "there is format, accuracy, process"),
        ("my_reward:long", "has no attribute 'long'"),
        ("no_module_x:f", "No module named"),
    ]:
        with pytest.raises(CxrError, match=message):
            select([text])
    with pytest.raises(CxrError, match="named twice"):
        select(["format", "format:2"])


def test_a_reward_of_ones_own_has_the_fields_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = "[len(told) + len(row['steps']) for told, row in zip(report, case)]"
    (tmp_path / "told_reward.py").write_text(f"def told(completions, report, case, **_):\n    return {counted}\n")
    monkeypatch.chdir(tmp_path)
    chosen = select(["told_reward:told"])
    wanted = len(CASE["report"]) + len(CASE["steps"])
    for case in (CASE, json.dumps(CASE)):  # as the audit and as a training give it
        assert chosen.pay(["x"], {"case": [case]})["told"].tolist() == [wanted]
